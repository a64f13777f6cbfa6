"""Companies, and who may act for them."""

import secrets
import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework_api_key.models import AbstractAPIKey, BaseAPIKeyManager

from core.append_only import AppendOnly

# No vowels, no look-alikes: an ID is read aloud over the telephone. 10 of 28 characters are 48 bits.
ID_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ23456789"


def new_company_id() -> str:
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(10))


def normalise_email(address: str) -> str:
    """Return the one spelling under which an address is stored and looked up."""
    # Not casefold: it would make one address of two that belong to different people (ß and ss).
    return address.strip().lower()


class Company(models.Model):
    """One row is one company: a tenant. Everything it owns hangs on it."""

    class Joining(models.TextChoices):
        APPROVAL = "APPROVAL", "Somebody approves each person"
        OPEN = "OPEN", "Whoever has the company ID may join as a user"

    id = models.CharField(primary_key=True, max_length=10, default=new_company_id, editable=False)
    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255)
    email = models.CharField(max_length=255, unique=True)
    registration_date = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    email_verified = models.BooleanField(default=False, db_default=False)
    user_joining = models.CharField(max_length=10, choices=Joining, default=Joining.APPROVAL)
    # Somebody asked for the developer's place with an address that has an account already. The place is held
    # as if the address were new, or a second attempt would tell which of the two it was.
    developer_held_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "companies"
        verbose_name_plural = "companies"

    def __str__(self):
        return self.name


class AccountManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        account = self.model(email=normalise_email(email), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(
            email, password, is_staff=True, is_superuser=True, email_verified=True, **fields
        )

    def get_by_natural_key(self, email):
        return self.get(email=normalise_email(email))


class Account(AbstractBaseUser, PermissionsMixin):
    """One row is one login: a person with an address and a password. Its role stands in Developer or User."""

    email = models.CharField(max_length=255, unique=True)
    password = models.CharField(max_length=255, db_column="password_hash")
    name = models.CharField(max_length=255, blank=True)
    registration_date = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    email_verified = models.BooleanField(default=False, db_default=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("operator", default=False)
    # Counted up to end every session of this account at once, whichever browser holds it.
    session_round = models.PositiveIntegerField(default=0, editable=False)

    objects = AccountManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        db_table = "accounts"

    def __str__(self):
        return self.name or self.email

    def clean(self):
        self.email = normalise_email(self.email)

    def get_session_auth_hash(self):
        return salted_hmac(
            "companies.Account.session", f"{self.session_round}:{self.password}", algorithm="sha256"
        ).hexdigest()


class Developer(models.Model):
    """One row is the one developer of one company: who retrains and deploys, once approved.

    Who handed the role over keeps the row, without a company: predictions and deployments still say who made
    them.
    """

    company = models.OneToOneField(
        Company, on_delete=models.CASCADE, null=True, blank=True, related_name="developer"
    )
    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="developer")
    joined_at = models.DateTimeField(default=timezone.now)
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "developers"

    def __str__(self):
        return str(self.account)


class User(models.Model):
    """One row is one user of one company: who predicts, once approved."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="users")
    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="user")
    joined_at = models.DateTimeField(default=timezone.now)
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "users"

    def __str__(self):
        return str(self.account)


class AuditEvent(AppendOnly):
    """One row is something that was done, by whom and when. Rows are only ever added.

    Only erasing the whole company takes its rows along (see `AuditErasure`).
    """

    REFUSAL = "The audit log is only ever added to."

    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, related_name="audit_events")
    actor = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="+")
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=255, blank=True)
    details = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "auditevents"
        ordering = ("-at", "-id")

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.subject}"


class AuditErasure(models.Model):
    """One row is a company that is being erased: the triggers of the audit log let its rows go.

    It is written and removed inside the transaction that erases the company; nobody else ever sees one.
    """

    # Empty for the rows that belong to no company: they go when the whole database is emptied, and only then.
    company_id = models.CharField(max_length=10, primary_key=True)

    class Meta:
        db_table = "auditerasures"

    def __str__(self):
        return self.company_id


class Scope(models.TextChoices):
    """What a program may do with a key, each scope on its own: who may train may not therefore read."""

    READ = "read", "Read: models, predictions, results, jobs"
    PREDICT = "predict", "Predict: send customers; start, rename and delete predictions"
    TRAIN = "train", "Train: send data and start retraining"
    DEPLOY = "deploy", "Deploy: decide which version serves"


class ApiKeyQuerySet(models.QuerySet):
    def active(self, *, at):
        """Keep the keys that still open something, as far as the key itself is concerned."""
        return self.filter(models.Q(expiry_date=None) | models.Q(expiry_date__gt=at), revoked=False)


class ApiKeyManager(BaseAPIKeyManager.from_queryset(ApiKeyQuerySet)):
    def assign_key(self, obj):
        # The library makes the hash a part of the primary key, and thereby of addresses and logs.
        key, obj.prefix, obj.hashed_key = self.key_generator.generate()
        return key


class ApiKey(AbstractAPIKey):
    """One row is one key: a program acts with it for a company, as its developer, within the scopes.

    Only a hash is stored: what is shown once cannot be shown again. Its first characters, `prefix`, name it.
    """

    id = models.AutoField(primary_key=True)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="api_keys")
    created_by = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_keys")
    scopes = models.JSONField()
    # The library's own field of that purpose reads the clock by itself.
    created = None
    created_at = models.DateTimeField()
    latest_use_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyManager()

    class Meta:
        db_table = "apikeys"
        ordering = ("-created_at", "-id")
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                name="apikey_revoked_since",
                condition=models.Q(revoked=False, revoked_at__isnull=True)
                | models.Q(revoked=True, revoked_at__isnull=False),
            )
        ]

    def state_at(self, at) -> str:
        if self.revoked:
            return "Revoked"
        return "Expired" if self.expiry_date and self.expiry_date <= at else "Active"
