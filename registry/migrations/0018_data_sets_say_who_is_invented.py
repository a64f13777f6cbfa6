from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0017_bases_are_called_customer_bases")]

    operations = [
        migrations.AddField(
            model_name="dataset",
            name="holds_invented",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
