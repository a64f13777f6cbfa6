from django.contrib import admin, messages
from django.utils import timezone

from core.errors import DomainError
from jobs.models import Job
from jobs.services import queue_again, request_cancel


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
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
    list_filter = ("state", "task")
    search_fields = ("id", "title", "company__name", "account__email")
    date_hierarchy = "queued_at"
    list_select_related = ("company", "account")
    actions = ("cancel", "queue_again")

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_readonly_fields(self, request, obj=None):
        return [field.name for field in Job._meta.fields]

    @admin.action(description="Cancel", permissions=["change"])
    def cancel(self, request, queryset):
        self._each(request, queryset, "was cancelled, or will stop at its next step", self._cancel)

    @admin.action(description="Queue again after a failure or a cancel", permissions=["change"])
    def queue_again(self, request, queryset):
        self._each(request, queryset, "waits for a worker", self._queue_again)

    def _cancel(self, request, job):
        request_cancel(job=job, by=request.user, at=timezone.now())

    def _queue_again(self, request, job):
        queue_again(job=job, by=request.user, at=timezone.now())

    def _each(self, request, queryset, outcome, act):
        for job in queryset:
            try:
                act(request, job)
            except DomainError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"“{job}” {outcome}.")
