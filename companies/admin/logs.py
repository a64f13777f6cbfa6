"""What happened: who did what, who logged in, who is locked out, and who is still to be told of what."""

from functools import partial

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.utils import timezone

from companies.admin.read_only import ReadOnlyAdmin
from companies.models import AuditEvent
from companies.services.lockouts import lift_lockout
from core.events import tell_now
from core.models import UntoldEvent

# The library lets an operator delete what it counts and logs; the last of the three it never writes here.
for model in (AccessAttempt, AccessLog, AccessFailureLog):
    admin.site.unregister(model)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "company", "actor", "action", "subject")
    list_filter = ("action",)
    list_select_related = ("company", "actor")
    search_fields = ("subject", "company__name", "company__id", "actor__email")
    date_hierarchy = "at"
    fields = ("at", "company", "actor", "action", "subject", "details")


@admin.register(UntoldEvent)
class UntoldEventAdmin(ReadOnlyAdmin):
    """What happened and has consequences that did not come yet. Usually there is nothing here."""

    list_display = ("happened_at", "event", "subscriber", "attempts", "error", "due_at")
    list_filter = ("event", "subscriber")
    search_fields = ("about", "error")
    date_hierarchy = "happened_at"
    fields = (*list_display, "about", "ids")
    actions = ("tell_now",)

    @admin.action(description="Tell now", permissions=["act"])
    def tell_now(self, request, queryset):
        service = partial(tell_now, at=timezone.now())
        self.act(request, queryset, lambda row: service(event=row), "was told")


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReadOnlyAdmin):
    """Failed logins that still count. A lockout ends by itself, or by the action."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"
    fields = (*list_display, "user_agent", "path_info")
    actions = ("let_in_again",)

    @admin.action(description="Let them try again now", permissions=["act"])
    def let_in_again(self, request, queryset):
        service = partial(lift_lockout, by=request.user, at=timezone.now())
        self.act(request, queryset, lambda row: service(attempt=row), "no longer counts")


@admin.register(AccessLog)
class AccessLogAdmin(ReadOnlyAdmin):
    """Who logged in and out, when and from where."""

    list_display = ("attempt_time", "logout_time", "username", "ip_address")
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"
    fields = (*list_display, "user_agent", "path_info")
