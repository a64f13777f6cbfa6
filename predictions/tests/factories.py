"""The smallest valid rows. A prediction made here has no files: tests that read one take `done`."""

from datetime import UTC, datetime

import factory

from companies.tests.factories import DeveloperFactory, UserFactory
from jobs.models import Job
from jobs.tests.factories import JobFactory
from predictions.models import Prediction
from registry.selectors import telecom_base
from registry.tests.factories import ModelVersionFactory

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class PredictionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Prediction

    class Params:
        by_developer = factory.Trait(
            user=None,
            developer=factory.SubFactory(DeveloperFactory),
            company=factory.SelfAttribute("developer.company"),
        )
        failed = factory.Trait(
            job=factory.SubFactory(
                JobFactory,
                state=Job.State.FAILED,
                error={"code": "too_slow", "message": "Reading the file takes longer than 300 seconds."},
            )
        )

    user = factory.SubFactory(UserFactory)
    company = factory.SelfAttribute("user.company")
    model = factory.SubFactory(ModelVersionFactory, company=factory.SelfAttribute("..company"))
    population = factory.LazyAttribute(lambda row: row.model.population if row.model else telecom_base())
    job = factory.SubFactory(JobFactory, task="predictions.score", company=factory.SelfAttribute("..company"))
    prediction_name = factory.Sequence(lambda n: f"Prediction {n}")
    created_at = NOON
    input_data = factory.LazyFunction(
        lambda: {
            "rows_in": 3, "accepted": 3, "duplicates": 0, "rejected": 0, "warnings": [],
            "unknown_categories": {}, "out_of_range": {},
            "spec": {"format": "csv", "encoding": "utf-8", "delimiter": ","},
        }
    )  # fmt: skip
    upload_dataset_path = factory.Sequence(lambda n: f"datasets/user/uploadToPredict/X/{n}.csv")
