"""The shape of what people send. Rules are checked by the services."""

import re

from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
)
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator

from companies.identity import membership
from companies.models import Account, Company, Scope, normalise_email
from companies.portals import DEVELOPERS, USERS


class EmailField(forms.EmailField):
    """An address, in the one spelling under which it is stored."""

    def __init__(self, **kwargs):
        widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
        # django-allauth keeps addresses in a column of this length.
        super().__init__(**{"label": "E-mail address", "max_length": 254, "widget": widget} | kwargs)

    def clean(self, value):
        return normalise_email(super().clean(value))


class PlainName(RegexValidator):
    """Names go into mails to people who never heard of us: a line break or a link has no place in them."""

    regex = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069<>]|://|www\."
    inverse_match = True
    flags = re.IGNORECASE
    message = "This is no name. Write one line of text, without a web address."


def name_field(label, autocomplete, help_text="", max_length=255):
    return forms.CharField(
        label=label,
        max_length=max_length,
        help_text=help_text,
        validators=[PlainName()],
        widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
    )


class RegisterCompanyForm(forms.Form):
    name = name_field("Name of the company", "organization")
    email = EmailField(
        label="E-mail address of the company",
        help_text="A mailbox that stays when people leave: the company ID is sent there, and who may join is "
        "decided there.",
    )


class JoinForm(forms.Form):
    company_id = forms.CharField(
        label="Company ID",
        max_length=40,
        help_text="Ten letters and digits, in the mail that your company got.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
        ),
    )
    name = name_field("Your name", "name", "As the others in your company see it.")
    email = EmailField(label="Your e-mail address")
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=256,
        help_text="At least ten characters: not a common password, not only digits, not like your name.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("password"):
            # Too like the name or the address is too easy to guess.
            person = Account(email=cleaned.get("email") or "", name=cleaned.get("name") or "")
            try:
                validate_password(cleaned["password"], person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned


class PortalLoginForm(LoginForm):
    """The login of one portal; the password is checked first, so the portal tells nothing to a guesser."""

    def __init__(self, *args, portal, **kwargs):
        super().__init__(*args, **kwargs)
        self.portal = portal
        _plain(self, login="E-mail address", password="Password", remember="Keep me logged in for 14 days")

    def clean(self):
        cleaned = super().clean()
        if self.errors:
            return cleaned
        member = membership(self.user)
        if member is None and self.user.is_active:
            raise forms.ValidationError(
                "This account belongs to no company. Log in at /admin/ if you are an operator."
            )
        if member and member.portal != self.portal:
            other = {DEVELOPERS: "developer", USERS: "user"}[member.portal]
            raise forms.ValidationError(
                f"This is the account of a {other}. Log in at /{member.portal}/login/."
            )
        return cleaned


class PasswordChangeForm(ChangePasswordForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _plain(
            self,
            oldpassword="Current password",
            password1="New password",
            password2="New password, once more",
        )


class PasswordResetForm(ResetPasswordForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _plain(self, email="E-mail address")


class PasswordResetKeyForm(ResetPasswordKeyForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _plain(self, password1="New password", password2="New password, once more")


def _plain(form, **labels):
    """Give the fields of django-allauth our labels, and no placeholder: it vanishes when it is needed."""
    for name, label in labels.items():
        if name in form.fields:
            form.fields[name].label = label
            form.fields[name].widget.attrs.pop("placeholder", None)
            if name == "password":
                form.fields[name].help_text = ""


class NameForm(forms.Form):
    name = name_field("Your name", "name")


class JoiningForm(forms.Form):
    user_joining = forms.ChoiceField(
        label="Who joins as a user", choices=Company.Joining, widget=forms.RadioSelect
    )


class HandOverForm(forms.Form):
    """Who takes over, and the address typed once more."""

    to = forms.ModelChoiceField(label="New developer", queryset=None, empty_label="Choose a user")
    typed = forms.CharField(
        label="Their e-mail address, typed",
        max_length=255,
        help_text="Typed to be sure: you will be a user, and only they can give the role back.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people
        self.fields["to"].label_from_instance = lambda row: f"{row.account} ({row.account.email})"


class ApiKeyForm(forms.Form):
    name = name_field(
        "What the key is for", "off", "You find it by this name, as in “Nightly import”.", max_length=50
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="As little as the program needs. It cannot be changed later.",
    )
    days = forms.TypedChoiceField(
        label="Works for",
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "one year"), ("0", "until it is revoked")],
        coerce=int,
        initial="365",
    )
