from functools import partial

from django.contrib import admin
from django.utils import timezone

from companies.admin import ReadOnlyAdmin
from jobs.models import Job
from jobs.orders import queue_again, request_cancel


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """A log: nobody types into it. What an operator may do goes through the same services as everywhere."""

    list_display = (
        "queued_at",
        "title",
        "task",
        "company",
        "account",
        "state",
        "step",
        "attempt",
        "finished_at",
    )
    list_filter = ("state", "queued_at", "finished_at", "task")
    search_fields = ("id", "title", "company__name", "account__email")
    date_hierarchy = "queued_at"
    list_select_related = ("company", "account")
    actions = ("cancel", "queue_again")

    def get_readonly_fields(self, request, obj=None):
        return [field.name for field in Job._meta.fields]

    @admin.action(description="Cancel", permissions=["act"])
    def cancel(self, request, queryset):
        service = partial(request_cancel, by=request.user, at=timezone.now())
        self.act(
            request, queryset, lambda job: service(job=job), "was cancelled, or will stop at its next step"
        )

    @admin.action(description="Queue again what failed or was cancelled", permissions=["act"])
    def queue_again(self, request, queryset):
        service = partial(queue_again, by=request.user, at=timezone.now())
        self.act(request, queryset, lambda job: service(job=job), "waits for a worker")
