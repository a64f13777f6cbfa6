from datetime import timedelta

import factory
from django.utils import timezone

from companies.identity import Role
from companies.models import Scope
from jobs.models import Job
from jobs.rights import let_start

for name in ("body", "count", "gather", "part", "plan", "poison", "steps"):
    let_start(f"tests.{name}", roles=Role, scopes=(Scope.PREDICT,))


class JobFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Job

    class Params:
        running = factory.Trait(
            state=Job.State.RUNNING,
            attempt=1,
            started_at=factory.SelfAttribute("queued_at"),
            lease_until=factory.LazyAttribute(lambda job: job.queued_at + timedelta(seconds=20)),
        )
        failed = factory.Trait(
            state=Job.State.FAILED, attempt=3, error={"code": "worker-lost", "message": "It was lost."}
        )

    task = "tests.count"
    title = "Count to three"
    queued_at = factory.LazyFunction(timezone.now)
