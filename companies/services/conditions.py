"""What must hold before much is changed: an operator does it, somebody says why, a name is typed again."""

import re

from companies.models import Account
from core.errors import Forbidden, Unprocessable

LONGEST_REASON = 500
_GIVES_ORDERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class OperatorsOnly(Forbidden):
    code = "operators-only"


class ReasonMissing(Unprocessable):
    code = "reason-missing"


class NameDiffers(Unprocessable):
    code = "name-differs"


def refuse_all_but_operators(by: Account | None, *, act: str) -> None:
    """Refuse whoever is no operator; the installation itself, which is nobody, may.

    Parameters
    ----------
    act
        What only an operator does, as the sentence says it: "imports models".

    Raises
    ------
    OperatorsOnly
    """
    if by is not None and not by.is_staff:
        raise OperatorsOnly(f"Only an operator {act}. Ask the operator of this installation.")


def one_line(text: str) -> str:
    """Return what was typed with single blanks, as names and reasons are kept.

    They stand in mails and on terminals, where control characters give orders, and marks that turn the
    reading direction make "exe.csv" of "vsc.exe". Both go.
    """
    return " ".join(_GIVES_ORDERS.sub("", " ".join(text.split())).split())


def checked_reason(reason: str, *, missing: str) -> str:
    """Return a reason as it is kept.

    Parameters
    ----------
    missing
        What is said where nothing says why.

    Raises
    ------
    ReasonMissing
        There is none, or it is too long.
    """
    reason = one_line(reason)
    if not reason:
        raise ReasonMissing(missing, field="reason")
    if len(reason) > LONGEST_REASON:
        raise ReasonMissing(f"Give the reason in at most {LONGEST_REASON} characters.", field="reason")
    return reason


def refuse_other_name(typed: str, name: str, *, field: str = "confirm_name") -> None:
    """Refuse what does not come back unless the name of what it is about was typed.

    Raises
    ------
    NameDiffers
    """
    if one_line(typed) != one_line(name):
        raise NameDiffers(f"Type {name} to confirm.", field=field)
