"""Where our sign-up and login differ from those of django-allauth."""

from allauth.account.adapter import DefaultAccountAdapter
from django.urls import reverse

from companies import mail
from companies.access import caller_of
from companies.identity import membership


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "This e-mail address and this password do not belong together. "
        "Check both.",
        "enter_current_password": "This is not your current password. Type it once more.",
        "too_many_login_attempts": "There were too many attempts. Wait a few minutes, then try again.",
        "invalid_password_reset": "This link was used before or is too old. Ask for a new one.",
    }

    def send_mail(self, template_prefix, email, context):
        mail.send(template_prefix.rpartition("/")[2], email, **context)

    def get_email_confirmation_url(self, request, emailconfirmation):
        return mail.absolute(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key):
        uidb36, _, token = key.partition("-")
        return mail.absolute(
            reverse("account_reset_password_from_key", kwargs={"uidb36": uidb36, "key": token})
        )

    def get_login_redirect_url(self, request):
        return home_of(request)

    def get_email_verification_redirect_url(self, email_address):
        member = membership(email_address.user)
        if member is None:
            return reverse("account_login")
        return reverse("companies:login", kwargs={"portal": member.portal})

    def get_password_change_redirect_url(self, request):
        return home_of(request)

    def add_message(self, request, level, message_template=None, *args, **kwargs):
        # Who logs in or out sees that it worked; a notice on top of the page would only be in the way.
        if message_template in {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}:
            return
        super().add_message(request, level, message_template, *args, **kwargs)


def home_of(request) -> str:
    """Return where the account behind `request` belongs: a portal, the waiting room or the admin."""
    member = caller_of(request).standing
    if member:
        if not member.approved:
            return reverse("companies:waiting")
        return reverse("companies:home", kwargs={"portal": member.portal})
    return reverse("admin:index") if request.user.is_staff else "/"
