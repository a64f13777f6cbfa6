from django.db import migrations
from django.db.models import Q

# As `ml.samples.invented` had them on that day: a migration does not follow what is invented later.
INVENTED = (
    "eeae8a867fbd5a1bcafa5cd8261d40934f6f3940b2090fb6991c2cc7cbf522ad",
    "7a22eb83fe89c79dff3f7dbb3ba3e1b5a4afd38f7114f3571780ff65de1843f7",
    "f2a533a09ff669e2d9f163e9517423831721c7dc7cc14245b940a9ac174d572a",
    "f8dce4f8ac7ef4899bc59c12cf880e6581a5848911421f0a2050270a1f5242c1",
    "e46b1f018cc4f4381f8ce68773117be81d3390ddee8829e5647470beda21fa27",
    "e797f3fab806bbcfd56d296affb72fd6d651bf9706368f00e1346bddf04ace02",
)


def mark(apps, schema_editor):
    datasets = apps.get_model("registry", "Dataset").objects.using(schema_editor.connection.alias)
    made_of = Q(sha256__in=INVENTED)
    # What was made from a marked one is marked as well, step by step up the chain.
    while found := list(datasets.filter(made_of, holds_invented=False).values_list("pk", flat=True)):
        datasets.filter(pk__in=found).update(holds_invented=True)
        made_of = Q(parent_dataset__in=found) | Q(added_dataset__in=found)


class Migration(migrations.Migration):
    dependencies = [("registry", "0018_data_sets_say_who_is_invented")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
