"""The people every test may ask for: fixtures are accounts, each `as_...` is a client logged in as one."""

import pytest
from django.test import Client

from companies.tests.factories import AccountFactory, CompanyFactory, DeveloperFactory, UserFactory


@pytest.fixture
def company(db):
    return CompanyFactory(name="Harbour Telecom", email="office@harbour.example.com")


@pytest.fixture
def developer(company):
    """The approved developer of `company`."""
    account = AccountFactory(name="Dana Dev", email="dana@harbour.example.com")
    return DeveloperFactory(company=company, account=account).account


@pytest.fixture
def user(company):
    """An approved user of `company`."""
    account = AccountFactory(name="Uma User", email="uma@harbour.example.com")
    return UserFactory(company=company, account=account).account


@pytest.fixture
def other_company(db):
    return CompanyFactory(name="Hilltop Mobile", email="office@hilltop.example.com")


@pytest.fixture
def stranger(other_company):
    """The approved developer of another company."""
    account = AccountFactory(name="Stan Stranger", email="stan@hilltop.example.com")
    return DeveloperFactory(company=other_company, account=account).account


@pytest.fixture
def foreign_user(other_company):
    """An approved user of another company."""
    account = AccountFactory(name="Fred Foreign", email="fred@hilltop.example.com")
    return UserFactory(company=other_company, account=account).account


@pytest.fixture
def operator(db):
    """Who runs the installation: staff, and nobody's member."""
    return AccountFactory(name="Olga Operator", email="olga@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def log_in():
    """Return a function that gives a client logged in as an account."""

    def client_of(account):
        client = Client()
        client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return client_of


@pytest.fixture
def as_developer(log_in, developer):
    return log_in(developer)


@pytest.fixture
def as_user(log_in, user):
    return log_in(user)


@pytest.fixture
def as_stranger(log_in, stranger):
    return log_in(stranger)


@pytest.fixture
def as_foreign_user(log_in, foreign_user):
    return log_in(foreign_user)


@pytest.fixture
def as_operator(log_in, operator):
    return log_in(operator)
