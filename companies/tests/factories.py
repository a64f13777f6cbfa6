"""People and companies for tests. Without further words they are verified, approved and may log in."""

from datetime import UTC, datetime

import factory
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from companies.models import Account, ApiKey, Company, Developer, User
from companies.selectors import developer_of

PASSWORD = "correct-horse-battery"
JOINED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class CompanyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Company

    name = factory.Sequence(lambda n: f"Company {n}")
    email = factory.Sequence(lambda n: f"office{n}@example.com")
    email_verified = True
    registration_date = JOINED


class AccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Account
        skip_postgeneration_save = True

    name = factory.Faker("name")
    email = factory.Sequence(lambda n: f"person{n}@example.com")
    password = factory.LazyFunction(lambda: make_password(PASSWORD))
    email_verified = True
    registration_date = JOINED

    @factory.post_generation
    def address(self, create, extracted, **kwargs):
        if create:
            EmailAddress.objects.create(
                user=self, email=self.email, primary=True, verified=self.email_verified
            )


class _PersonFactory(factory.django.DjangoModelFactory):
    class Meta:
        abstract = True

    class Params:
        waiting = factory.Trait(approved_at=None)

    company = factory.SubFactory(CompanyFactory)
    account = factory.SubFactory(AccountFactory)
    joined_at = JOINED
    approved_at = JOINED


class DeveloperFactory(_PersonFactory):
    class Meta:
        model = Developer


class UserFactory(_PersonFactory):
    class Meta:
        model = User


class ApiKeyFactory(factory.django.DjangoModelFactory):
    """A key of a company, made by its developer; nobody knows the secret behind it."""

    class Meta:
        model = ApiKey

    class Params:
        revoked_before = factory.Trait(revoked=True, revoked_at=JOINED)

    company = factory.SubFactory(CompanyFactory)
    created_by = factory.LazyAttribute(
        lambda key: (developer_of(key.company) or DeveloperFactory(company=key.company)).account
    )
    name = factory.Sequence(lambda n: f"Program {n}")
    scopes = ["read"]
    prefix = factory.Sequence(lambda n: f"prefix{n:02}")
    hashed_key = "sha512$$"
    created_at = JOINED
