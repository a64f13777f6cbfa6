"""`make screenshots` knows how to log in, and the README shows only what it can take again."""

import io
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from scripts.screenshots import README_PICTURES, SHOWN, read_accounts

README = Path(__file__).resolve().parent.parent / "README.md"


@pytest.mark.django_db
def test_logs_in_with_what_create_demo_says():
    told = io.StringIO()
    call_command("create_demo", stdout=told)

    accounts = read_accounts(told.getvalue())

    assert {"developer", "user", "operator"} <= set(accounts)
    assert accounts["developer"].email.startswith("developer@")
    assert all(account.password in told.getvalue() for account in accounts.values())


def test_an_account_does_not_show_its_password():
    account = read_accounts("  user   http://localhost/user/login/   user@demo.example.com   secret-words")[
        "user"
    ]

    assert "secret-words" not in repr(account)


def test_every_picture_of_the_readme_exists_and_can_be_taken_again():
    shown = set(re.findall(r"docs/screenshots/([\w-]+)\.png", README.read_text()))

    assert shown
    assert shown <= {name for name, _height in README_PICTURES.values()}
    assert all((SHOWN / f"{name}.png").exists() for name in shown)
