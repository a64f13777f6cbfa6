"""The operator's door: everything to read, and the same services for what may be done."""

from companies.admin.logs import AccessAttemptAdmin, AccessLogAdmin, AuditEventAdmin, UntoldEventAdmin
from companies.admin.people import AccountAdmin, ApiKeyAdmin, CompanyAdmin, MemberAdmin, UserAdmin
from companies.admin.read_only import CompanyReasonForm, ReadOnlyAdmin, ReasonForm, link_to

__all__ = [
    "AccessAttemptAdmin",
    "AccessLogAdmin",
    "AccountAdmin",
    "ApiKeyAdmin",
    "AuditEventAdmin",
    "CompanyAdmin",
    "CompanyReasonForm",
    "MemberAdmin",
    "ReadOnlyAdmin",
    "ReasonForm",
    "UntoldEventAdmin",
    "UserAdmin",
    "link_to",
]
