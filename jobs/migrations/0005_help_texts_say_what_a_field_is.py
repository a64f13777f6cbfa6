from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0004_mail_and_plan_of_a_job'),
    ]

    operations = [
        migrations.AlterField(
            model_name='job',
            name='after_any_end',
            field=models.BooleanField(default=False, help_text='It begins even if the jobs that it waited for failed or were cancelled.'),
        ),
        migrations.AlterField(
            model_name='job',
            name='attempt',
            field=models.PositiveSmallIntegerField(default=0, help_text='Number of the current attempt. What an earlier attempt still writes is refused.'),
        ),
        migrations.AlterField(
            model_name='job',
            name='first_attempt',
            field=models.PositiveSmallIntegerField(default=1, help_text='Attempts are counted from this one on. It moves up when the job is queued again.'),
        ),
        migrations.AlterField(
            model_name='job',
            name='put_off_at',
            field=models.DateTimeField(help_text='When the expected end was first moved to a later time.', null=True),
        ),
        migrations.AlterField(
            model_name='job',
            name='task',
            field=models.CharField(help_text='The kind of work.', max_length=60),
        ),
        migrations.AlterField(
            model_name='job',
            name='told_end_at',
            field=models.DateTimeField(help_text='The time at which people were told to expect the end.', null=True),
        ),
    ]
