"""What is there belongs to the telecom base, or to the purchases of its company.

The way back writes down again by which name the rows of that time knew what they read.
"""

from importlib import import_module

from django.db import migrations
from django.db.models import F, OuterRef, Subquery

ledger = import_module("registry.migrations.0004_ledger_of_deployments")

FEATURES_OF_LOGS = ("rfm_v2", "retail_v1", "retail_v2")
PURCHASES = "Purchases"
AFTER_TRAINING = {"risk_tiers": "segments_v2", "threshold": None, "promotion": "after_training"}
SERVICE = ["No", "No internet service", "Yes"]
NO_YES = ["No", "Yes"]
CATEGORIES = {
    "InternetService": ["DSL", "Fiber optic", "No"],
    "OnlineSecurity": SERVICE,
    "TechSupport": SERVICE,
    "Contract": ["Month-to-month", "One year", "Two year"],
    "SeniorCitizen": ["0", "1"],
    "Partner": NO_YES,
    "Dependents": NO_YES,
    "OnlineBackup": SERVICE,
    "DeviceProtection": SERVICE,
    "StreamingTV": SERVICE,
    "StreamingMovies": SERVICE,
    "PaymentMethod": [
        "Bank transfer (automatic)", "Credit card (automatic)", "Electronic check", "Mailed check",
    ],
    "PaperlessBilling": NO_YES,
}
# The base as it was when this landed; what the installation ships today stands in registry/telecom.py.
TELECOM = {
    "name": "Telecom customers",
    "kind": "SNAPSHOT",
    "schema": {
        "name": "telco_v1",
        "id_column": "customerID",
        "categorical": [{"name": name, "values": values} for name, values in CATEGORIES.items()],
        "numeric": [
            {"name": "tenure", "minimum": 0, "maximum": 1200, "integer": True, "unit": "months"},
            {"name": "MonthlyCharges", "minimum": 0, "maximum": 100000, "integer": False, "unit": "per month"},
            {
                "name": "TotalCharges", "minimum": 0, "maximum": 100000000, "integer": False,
                "unit": "since joining",
            },
        ],
        "label": {"name": "Churn", "values": NO_YES},
        "blanks": [{"column": "TotalCharges", "value": 0.0, "when_column": "tenure", "when_value": 0.0}],
        "ignored": ["gender", "PhoneService", "MultipleLines"],
    },
    "roles": {"id": "customerID", "outcome": "Churn", "left": "Yes", "value": "MonthlyCharges"},
    "definition": {"column": "Churn"},
    "wording": {
        "SeniorCitizen": {"label": "Senior citizen", "values": {"0": "no", "1": "yes"}},
        "tenure": {"label": "Tenure", "unit": "months"},
        "MonthlyCharges": {"label": "monthly charges", "unit": "per month"},
        "TotalCharges": {"unit": "since joining"},
    },
    "currency": "",
    "slices": ["Contract", "SeniorCitizen", "tenure"],
    "policies": {"risk_tiers": "segments_v2", "threshold": None, "promotion": "by_hand"},
}


def name_bases(apps, schema_editor):
    Population = apps.get_model("registry", "Population")
    Dataset, Version = apps.get_model("registry", "Dataset"), apps.get_model("registry", "ModelVersion")
    telecom, _ = Population.objects.get_or_create(
        installation_slot="installation", defaults=TELECOM
    )
    logs = Dataset.objects.filter(dataset_type__in=("raw", "features"), company__isnull=False)
    learned = Version.objects.filter(schema_name__in=FEATURES_OF_LOGS, company__isnull=False)
    companies = {*logs.values_list("company_id", flat=True), *learned.values_list("company_id", flat=True)}
    for company_id in sorted(companies):
        base, _ = Population.objects.get_or_create(
            company_id=company_id, name=PURCHASES, defaults={"kind": "LOG", "policies": AFTER_TRAINING}
        )
        logs.filter(company_id=company_id).update(population=base)
        learned.filter(company_id=company_id).update(population=base)
    for rows in (Dataset.objects, Version.objects):
        rows.filter(population=None).update(population=telecom)
    _follow(apps.get_model("registry", "ModelDeployment"), "model_id", Version)
    _follow(apps.get_model("registry", "ShadowRun"), "version_id", Version)
    # No line of the ledger may be changed, but for this once.
    ledger.remove_guards(apps, schema_editor)
    _follow(apps.get_model("registry", "DeploymentEvent"), "version_id", Version)
    ledger.install_guards(apps, schema_editor)


def _follow(rows, pointer, versions):
    base = versions.objects.filter(pk=OuterRef(pointer)).values("population_id")[:1]
    rows.objects.update(population_id=Subquery(base))


def name_schemas(apps, schema_editor):
    Dataset, Version = apps.get_model("registry", "Dataset"), apps.get_model("registry", "ModelVersion")
    Dataset.objects.filter(dataset_type="raw").update(schema_name="purchase_log")
    for row in Dataset.objects.filter(dataset_type="features").only("pk", "name"):
        # They are called after the log and the set: "March: rfm_v2".
        name = row.name.rpartition(": ")[2]
        Dataset.objects.filter(pk=row.pk).update(schema_name=name if name in FEATURES_OF_LOGS else "rfm_v2")
    learned = Version.objects.filter(population__kind="LOG")
    for row in learned.annotate(read=F("training_dataset__schema_name")):
        Version.objects.filter(pk=row.pk).update(
            schema_name=row.read if row.read in FEATURES_OF_LOGS else "rfm_v2"
        )


class Migration(migrations.Migration):

    dependencies = [
        ("registry", "0011_rows_may_name_their_base"),
    ]

    operations = [
        # MariaDB commits at every CREATE TRIGGER.
        migrations.RunPython(name_bases, name_schemas, atomic=False),
    ]
