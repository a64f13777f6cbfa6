from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsMember, require_scope
from companies.models import Scope
from jobs.accounts import rows_read_for
from jobs.models import Job
from jobs.orders import request_cancel
from jobs.rights import scopes_of
from jobs.selectors import jobs_for

# What the rows of other apps say of their job.
PROGRESS = "See `/api/v1/jobs/{id}` for its progress."
WHY_IT_FAILED = "Why it failed, if it did."


class JobOutput(serializers.ModelSerializer):
    percent = serializers.SerializerMethodField(
        help_text="How much of the whole is done, or of the current step where the weights of its steps are "
        "not known. Null where that is unknown."
    )
    seconds_left = serializers.SerializerMethodField(
        help_text="Seconds until the job ends, or until its current step ends if only that is known; null "
        "while it would be a guess. It grows only if `takes_longer` is true."
    )
    takes_longer = serializers.SerializerMethodField(
        help_text="Whether it takes longer than was said at first."
    )
    waits_for = serializers.ListField(
        source="awaited",
        child=serializers.CharField(),
        help_text="Names of the jobs that have to end before it begins.",
    )
    error = serializers.JSONField(
        allow_null=True, help_text="Why it failed: `code` for programs, `message` for people."
    )
    rows_read = serializers.SerializerMethodField(
        help_text="What became of the rows of the file that it is about, as the answer to the upload has it; "
        "null where it is about none."
    )

    class Meta:
        model = Job
        fields = (
            "id", "task", "title", "state", "step", "done", "total", "percent", "seconds_left",
            "takes_longer", "waits_for",
            "error", "rows_read",
            "cancel_requested_at", "queued_at", "started_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_percent(self, job) -> int | None:
        return job.percent(at=timezone.now())

    def get_takes_longer(self, job) -> bool:
        return job.takes_longer(at=timezone.now())

    def get_seconds_left(self, job) -> int | None:
        left = job.time_left(at=timezone.now())
        return None if left is None else round(left.total_seconds())

    def get_rows_read(self, job) -> dict | None:
        request = self.context["request"]
        accounts = self.context["accounts"] if "accounts" in self.context else rows_read_for(request, [job])
        return accounts.get(job.pk)


@extend_schema(tags=["jobs"])
class JobList(generics.ListAPIView):
    """The jobs of your company, latest first: those that you would be allowed to start."""

    permission_classes = [IsMember]
    serializer_class = JobOutput
    queryset = Job.objects.none()

    def get_queryset(self):
        return jobs_for(self.request.member)

    def get_serializer(self, jobs=None, **options):
        # The files of a whole page are looked up at once.
        context = options.pop("context", None) or self.get_serializer_context()
        accounts = rows_read_for(self.request, jobs or ())
        return JobOutput(jobs, context=context | {"accounts": accounts}, **options)


@extend_schema(tags=["jobs"])
class JobDetail(generics.RetrieveAPIView):
    """Where one job stands."""

    permission_classes = [IsMember]
    serializer_class = JobOutput
    queryset = Job.objects.none()
    lookup_url_kwarg = "job_id"

    def get_queryset(self):
        return jobs_for(self.request.member)


class CancelJob(APIView):
    """Stop one job: at once where it still waits, at its next step where it runs."""

    # The scopes that start any work; which of them starts this one is asked below.
    permission_classes = [IsMember.with_scope(Scope.PREDICT, Scope.TRAIN)]

    @extend_schema(tags=["jobs"], request=None, responses=JobOutput)
    def post(self, request, job_id):
        job = get_object_or_404(jobs_for(request.member), pk=job_id)
        require_scope(request.member, scopes_of(job.task))
        job = request_cancel(job=job, by=request.user, at=timezone.now())
        return Response(JobOutput(job, context={"request": request}).data)
