"""Setting up a new developer: the five defaults at work in the company, and the original data set in its
list.

The names of the functions are those that the project's first description gives them. The models and the file
exist once for everybody; what a company gets are rows.
"""

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from companies.models import Company, Developer
from companies.services.locking import lock_company
from core.files.media import make_folder
from registry.artefacts import DEFAULTS_FOLDER, RETRAINED_FOLDER
from registry.models import FROM_THE_BEGINNING, Dataset, ModelDeployment, ModelType, ModelVersion
from registry.services.datasets import share_original
from registry.services.deployments import deploy_version
from registry.services.ledger import pass_gate_of_defaults
from registry.services.opening import DamagedArtefact, load_metadata
from registry.services.versions import register_version

DIRECTORIES = (
    "datasets/dev/combinedDataset",
    "datasets/dev/predictionResult",
    "datasets/dev/uploadToPredict",
    "datasets/dev/uploadToRetrain",
    "datasets/user/predictionResult",
    "datasets/user/uploadToPredict",
    DEFAULTS_FOLDER,
    RETRAINED_FOLDER,
)


def create_directories() -> None:
    for directory in DIRECTORIES:
        make_folder(directory)


def load_model_metadata(*, version: ModelVersion, at: datetime) -> dict:
    """Return ``model_type`` and ``metrics`` from the metadata file of `version`, once its bytes were
    verified.
    """
    return load_metadata(version, at=at)


def register_model_in_db(*, model_type: ModelType, exported, dataset: Dataset, at: datetime, replaces=None):
    """Register a default: type, name, file path, figures, version and default flag, after its files were
    written.
    """
    return register_version(
        company=None,
        population=dataset.population,
        model_type=model_type,
        exported=exported,
        dataset=dataset,
        at=at,
        replaces=replaces,
    )


def check_existing_models(*, company: Company) -> bool:
    """Whether every default of the installation already has its deployment row in `company`."""
    deployed = company.deployments.filter(model__is_default=True).values("model_id")
    return not ModelVersion.objects.defaults().exclude(pk__in=deployed).exists()


@transaction.atomic
def initialize_default_models(
    *, company: Company, developer: Developer | None, at: datetime
) -> list[ModelDeployment]:
    """Let the defaults that `company` has never had serve it, and return the new rows.

    A default that served before and was rolled back does not return by itself. One that is found damaged is
    marked so and left out; the others begin to serve.
    """
    pass_gate_of_defaults()
    lock_company(company.pk)
    had = company.deployments.values("model_id")
    begun = []
    for version in ModelVersion.objects.defaults().ready().exclude(pk__in=had):
        with suppress(DamagedArtefact):
            # By nobody: the developer whose first day it is decided nothing; the row keeps who that is.
            row = deploy_version(
                version=version,
                company=company,
                role=ModelDeployment.Role.ALTERNATIVE,
                by=None,
                reason=FROM_THE_BEGINNING,
                at=at,
            )
            row.deployed_by = developer
            row.save(update_fields=("deployed_by",))
            begun.append(row)
    return begun


def initialize_original_dataset(*, company: Company, at: datetime) -> Dataset | None:
    """Put the original data set into the list of `company`."""
    return share_original(company=company, at=at)


def get_model_metrics(*, company: Company) -> dict[str, dict[str, float]]:
    """Return the five weighted figures of every model that serves `company`, by name and version."""
    serving = company.deployments.offered().select_related("model__metrics")
    return {
        str(row.model): {
            "Accuracy": row.model.metrics.accuracy,
            "AUC": row.model.metrics.auc_roc,
            "Precision": row.model.metrics.precision,
            "Recall": row.model.metrics.recall,
            "F1 Score": row.model.metrics.f1_score,
        }
        for row in serving
    }


@transaction.atomic
def initialize_developer_environment(*, developer: Developer, at: datetime) -> None:
    """Set up everything that a new developer finds. Run twice, the second time changes nothing."""
    create_directories()
    company = developer.company
    initialize_original_dataset(company=company, at=at)
    if not check_existing_models(company=company):
        initialize_default_models(company=company, developer=developer, at=at)


def set_up_developer(*, developer_id: int, at: datetime) -> None:
    """Set up who became the developer of a company, if that still holds when it is told."""
    approved = Developer.objects.filter(company__isnull=False, approved_at__isnull=False)
    developer = approved.select_related("company").filter(pk=developer_id).first()
    if developer:
        initialize_developer_environment(developer=developer, at=at)


def initialize_everywhere(*, at: datetime) -> None:
    """Let a default of a type that had none so far serve every company that has a developer."""
    served = Company.objects.filter(developer__approved_at__isnull=False)
    for company in served.order_by("pk"):
        initialize_default_models(company=company, developer=None, at=at)


def initialize_waiting_companies(*, at: datetime) -> int:
    """Set up the developers who joined before the defaults were there, and return how many."""
    waiting = Developer.objects.filter(approved_at__isnull=False, company__isnull=False).exclude(
        company__deployments__model__in=ModelVersion.objects.defaults()
    )
    developers = list(waiting.select_related("company"))
    for developer in developers:
        initialize_developer_environment(developer=developer, at=at)
    return len(developers)
