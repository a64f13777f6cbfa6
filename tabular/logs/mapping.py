"""Which column plays which role in a purchase log: guessed with reasons, checked, and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from tabular.errors import TableError, counted, shown
from tabular.logs.amount_columns import SURE_AMOUNT, has_cents, has_digits, seems_unread
from tabular.logs.event_spec import NUMBERS, OF_PURCHASES, REQUIRED, ROLES, EventSpec, quoted, refuse_mapping
from tabular.previews.detect import MOST_DISTINCT, DetectedColumn
from tabular.previews.preview import Preview, alike_columns
from tabular.source.sentences import open_dates, open_numbers
from tabular.values.amounts import DECIMALS, NumberFormat
from tabular.values.cells import is_blank
from tabular.values.event_words import MEANINGS, event_type_of
from tabular.values.moments import EXAMPLES, ORDERS, SPOKEN
from tabular.values.words import (
    OTHER_DATES,
    OTHER_THINGS,
    OTHER_TIMES,
    match_role,
    names_amount,
    says_other_than_amount,
    says_other_than_customer,
    says_other_than_order,
    words_of,
)

__all__ = ["REQUIRED", "ROLES", "EventSpec", "Guess", "freeze", "guess_mapping", "seems_of_visits"]

# Below this a guess is not offered.
LEAST_CONFIDENCE = 0.3
# Nothing but an order is written as #1001.
SURE_ORDER = 0.9
# An id that knows so few customers is none.
FEWEST_CUSTOMERS = 4
MOST_TYPES = 50
# In fewer rows a handful of customers is nothing odd.
ROWS_TO_JUDGE = 30
SENT_TO = frozenset(["ship", "bill"])
# Kinds of columns that say when, and nothing else.
MOMENTS = ("date", "time")


@dataclass(frozen=True)
class Guess:
    """Which column a role probably is, why, and how sure that is (0 to 1)."""

    column: str
    reason: str
    confidence: float

    def to_dict(self) -> dict:
        """Return the guess ready for JSON."""
        return asdict(self)


def guess_mapping(preview: Preview) -> dict[str, Guess]:
    """Return a guess for each role that some column may play, by its name and by what it holds.

    Each column plays one role. Where no column holds amounts, but unit prices and quantities are there,
    they are guessed instead.
    """
    scored = []
    for order, role in enumerate(ROLES):
        for column in preview.columns:
            score, reason = _score(role, column)
            if score >= LEAST_CONFIDENCE:
                scored.append((-score, order, column.place, role, column.name, reason))
    guesses: dict[str, Guess] = {}
    taken: set[str] = set()
    twins = {column.name for group in alike_columns(preview) for column in group}
    open_roles: set[str] = set()
    has_quantity = any(role == "quantity" and -score > 0.5 for score, *_, role, _, _ in scored)
    for score, _, _, role, name, reason in sorted(scored):
        if role in guesses or name in taken or role in open_roles:
            continue
        if name in twins:
            # Two columns of one name: which of them is meant, only a person knows.
            open_roles.add(role)
            continue
        if role == "unit_price" and ("amount" in guesses or not has_quantity):
            continue
        if role == "amount" and has_quantity and _is_price(name):
            # A price beside a quantity is that of one piece.
            continue
        guesses[role] = Guess(name, reason, round(-score, 2))
        taken.add(name)
    if not {"amount", "unit_price"} & open_roles and "unit_price" not in guesses:
        _guess_unread_amount(preview, guesses, taken, twins)
    _guess_by_content(preview, guesses, taken | twins, open_roles)
    if "event_type" in guesses and not _leaves_purchases(preview, guesses):
        del guesses["event_type"]
    if "time" in guesses and not _needs_times(preview, guesses):
        del guesses["time"]
    if "unit_price" in guesses and ("amount" in guesses or "quantity" not in guesses):
        del guesses["unit_price"]
    elif "unit_price" in guesses:
        price, quantity = guesses["unit_price"], guesses["quantity"]
        reason = (
            f"{price.reason}; no column holds amounts, so the amount is {shown(price.column)} times "
            f"{shown(quantity.column)}"
        )
        guesses["unit_price"] = Guess(price.column, reason, price.confidence)
    return {role: guesses[role] for role in ROLES if role in guesses}


def seems_of_visits(preview: Preview) -> bool:
    """Return whether a table says who and when, and in no column that something was bought."""
    roles = guess_mapping(preview).keys()
    return {"customer_id", "event_at"} <= roles and not roles & (OF_PURCHASES | {"amount", "unit_price"})


def _leaves_purchases(preview: Preview, guesses: dict[str, Guess]) -> bool:
    """Whether some of the first rows is a purchase of a known customer on a known day, by its event type."""
    places = {role: preview.column(guess.column).place for role, guess in guesses.items()}
    needed = [places[role] for role in ("customer_id", "event_at") if role in places]
    rows = [row["texts"] for row in preview.rows]
    whole = [row for row in rows if not any(is_blank(row[place]) for place in needed)]
    return any(event_type_of(row[places["event_type"]]) == "purchase" for row in whole)


def _needs_times(preview: Preview, guesses: dict[str, Guess]) -> bool:
    """Whether the dates have no times of their own."""
    return "event_at" in guesses and not preview.column(guesses["event_at"].column).has_own_times


def _is_price(name: str) -> bool:
    return match_role(name, "unit_price")[0] > match_role(name, "amount")[0]


def _score(role: str, column: DetectedColumn) -> tuple[float, str]:
    """Return how well name and content of a column fit a role, and the sentence that says why."""
    if role == "order_id" and _holds_marked_orders(column):
        return SURE_ORDER, f"it holds numbers of orders, such as {shown(column.examples[0])}"
    score, known = match_role(column.name, role)
    if not known or _refuses(role, column):
        return 0.0, ""
    if role == "event_at" and OTHER_DATES & set(words_of(column.name)):
        score *= 0.4
    if role == "customer_id" and SENT_TO & set(words_of(column.name)):
        # Where it is sent to, or who gets the bill, may be somebody else than the customer.
        score *= 0.7
    if role == "amount" and not names_amount(column.name) and not has_cents(column):
        # "Sales zone" may number zones: what has cents stands before it.
        score *= 0.9 if column.distinct > 1 else 0.6
    alike = "its name says so" if score > 0.9 else f"its name resembles {known!r}"
    return score, f"{alike}; it holds {_content(column)}"


def _refuses(role: str, column: DetectedColumn) -> bool:
    """Whether what a column holds rules out a role."""
    if column.kind == "blank":
        return True
    if role == "event_at":
        return column.kind != "date"
    if role == "time":
        # When something was delivered, or how long it took, says nothing about the purchase.
        return column.kind != "time" or bool(OTHER_TIMES & set(words_of(column.name)))
    if role in NUMBERS:
        # How something was paid may be numbered: that is no amount.
        other = role == "amount" and says_other_than_amount(column.name) and not has_cents(column)
        return column.kind != "number" or other
    if seems_unread("amount", column):
        # "Order amount (EUR)" is no number of an order, whatever its cells look like.
        return True
    if role == "customer_id":
        # Too few customers are no reason to guess another column: `freeze` says what is wrong.
        return column.kind in MOMENTS or says_other_than_customer(column.name)
    if role == "order_id":
        return column.kind in MOMENTS or says_other_than_order(column.name)
    if role == "label":
        return column.distinct > 2 + (column.blanks > 0) or column.kind in MOMENTS
    if role == "event_type":
        # Of words that are neither purchases nor returns, nobody knows which one is a purchase.
        known = any(event_type_of(text) in ("purchase", "return") for text in column.examples)
        return column.kind != "text" or column.distinct > MOST_TYPES or not (known or column.blanks)
    return column.kind in MOMENTS or (role == "category" and column.kind == "number")


def _holds_marked_orders(column: DetectedColumn) -> bool:
    """Whether a column is that of a Shopify export: called "Name", with orders such as #1001 in it."""
    marked = all(text.startswith("#") and has_digits(text) for text in column.examples)
    return words_of(column.name) == ("name",) and bool(column.examples) and marked


def _content(column: DetectedColumn) -> str:
    if column.kind == "date":
        order = (
            "days and months in unknown order" if column.date_order_ambiguous else SPOKEN[column.date_order]
        )
        return f"dates ({order}{', with times' if column.has_time else ''})"
    if column.kind == "time":
        every = "" if column.unreadable else " in every filled cell"
        return f"times of day{every}, from {column.minimum} to {column.maximum}"
    if column.kind == "number":
        return (
            f"numbers from {column.minimum:g} to {column.maximum:g}"
            if column.minimum is not None
            else "numbers"
        )
    more = "more than " if column.distinct >= MOST_DISTINCT else ""
    return f"{more}{counted(column.distinct, 'different text')} in {counted(column.rows, 'row')}"


def _guess_by_content(
    preview: Preview, guesses: dict[str, Guess], taken: set[str], open_roles: set[str]
) -> None:
    """Guess required roles that no name gives away, where only one column can play them."""
    settled = guesses.keys() | open_roles
    free = [column for column in preview.columns if column.name not in taken]
    dates = [column for column in free if column.kind == "date"]
    if "event_at" not in settled and len(dates) == 1:
        guesses["event_at"] = Guess(dates[0].name, "no other column holds dates", 0.6)
    times = [column for column in free if not _refuses("time", column)]
    if "time" not in settled and len(times) == 1:
        reason = f"no other column holds times; it holds {_content(times[0])}"
        guesses["time"] = Guess(times[0].name, reason, 0.6)
        taken.add(times[0].name)
    numbers = [column for column in free if column.kind == "number" and has_cents(column)]
    if not {"amount", "unit_price"} & settled and len(numbers) == 1:
        guesses["amount"] = Guess(numbers[0].name, "no other column holds numbers with decimals", 0.5)
    names = [
        column
        for column in free
        if column.kind in ("text", "number")
        and not has_cents(column)
        and _repeats(column)
        and not says_other_than_customer(column.name)
    ]
    if "customer_id" not in settled and names:
        best = max(names, key=lambda column: (not OTHER_THINGS & set(words_of(column.name)), column.distinct))
        reason = f"its values stand in several rows each ({_content(best)})"
        guesses["customer_id"] = Guess(best.name, reason, 0.4 if len(names) == 1 else LEAST_CONFIDENCE)


def _guess_unread_amount(
    preview: Preview, guesses: dict[str, Guess], taken: set[str], twins: set[str]
) -> None:
    """Guess a column by its name although its numbers cannot be read, which `freeze` says.

    Dropped without a word, it would make a log of visits of one of purchases, or another column the amount:
    that has to be somebody's wish. Only a column whose name says it better, or surely, stands before it.
    """
    held = guesses["amount"].confidence if "amount" in guesses else 0.0
    if held >= SURE_AMOUNT:
        return
    for role in ("amount", "unit_price") if "quantity" in guesses else ("amount",):
        found = [column for column in preview.columns if seems_unread(role, column)]
        free = [column for column in found if column.name not in taken | twins]
        if role == "amount" and "quantity" in guesses:
            free = [column for column in free if not _is_price(column.name)]
        best = max(free, key=lambda column: match_role(column.name, role)[0], default=None)
        if best and match_role(best.name, role)[0] > held:
            sample = next(filter(has_digits, best.examples))
            reason = f"its name says so, but it holds no numbers (e.g. {shown(sample)})"
            guesses[role] = Guess(best.name, reason, LEAST_CONFIDENCE)
            taken.add(best.name)
            return


def _repeats(column: DetectedColumn) -> bool:
    filled = column.rows - column.blanks
    return column.distinct >= FEWEST_CUSTOMERS and (
        column.distinct < 0.9 * filled or column.distinct >= MOST_DISTINCT
    )


def freeze(
    preview: Preview,
    mapping: dict[str, str],
    *,
    date_order: str | None = None,
    decimal: str | None = None,
    meanings: Mapping[str, str] | None = None,
) -> EventSpec:
    """Check a mapping and decide once how the file is read.

    Parameters
    ----------
    mapping
        Name of the column for each role that is played; blank ones are not.
    date_order, decimal
        The answer where the preview could not tell (``DMY`` or ``MDY``; ``.`` or ``,``). An order that the
        file contradicts is refused.
    meanings
        What words of the event type mean, where that is not what is known of them: one of
        `tabular.values.event_words.MEANINGS` for each.

    Raises
    ------
    TableError
        ``needs_mapping``, ``missing_columns``, ``wrong_mapping``, ``too_few_customers``, ``ambiguous_dates``,
        ``ambiguous_numbers``.
    """
    mapping = {role: name for role, name in mapping.items() if name}
    if unknown := set(mapping) - set(ROLES):
        raise ValueError(f"roles are {ROLES}, not {sorted(unknown)}")
    if "amount" in mapping:
        mapping.pop("unit_price", None)
    _refuse_gaps(mapping, preview)
    columns = {role: preview.column(mapping[role]) for role in ROLES if role in mapping}
    _refuse_twins(mapping)
    for role, column in columns.items():
        _refuse_content(role, column)
    if "time" in columns:
        _refuse_two_times(columns["event_at"], columns["time"])
    return EventSpec(
        table=preview.table,
        places={role: column.place for role, column in columns.items()},
        columns={role: column.name for role, column in columns.items()},
        date_order=_settle_order(columns["event_at"], date_order),
        numbers={role: _settle_signs(columns[role], decimal) for role in NUMBERS if role in columns},
        cancels="order_id" in columns and columns["order_id"].cancels,
        time_form=columns["time"].time_form if "time" in columns else None,
        point_zero=columns["customer_id"].point_zero,
        meanings=_settle_meanings(meanings or {}, columns),
    )


def _settle_meanings(meanings: Mapping[str, str], columns: dict[str, DetectedColumn]) -> dict[str, str]:
    if unknown := sorted(set(meanings.values()) - set(MEANINGS)):
        raise refuse_mapping(
            "wrong_mapping",
            f"A word of the event type cannot mean {shown(unknown[0])}. Choose one of {', '.join(MEANINGS)}.",
            "event_type",
        )
    if "event_type" not in columns:
        return {}
    return {word.strip().lower(): meaning for word, meaning in meanings.items()}


def _refuse_gaps(mapping: dict[str, str], preview: Preview) -> None:
    missing = [role for role in REQUIRED if role not in mapping]
    if "unit_price" in mapping and "quantity" not in mapping:
        # A price of one piece says nothing of what was paid.
        missing.append("quantity")
    if not {"amount", "unit_price"} & set(mapping) and _has_twin_amounts(preview):
        # Which of them is meant, only a person knows; that neither is, nobody would say.
        missing.append("amount")
    if missing:
        said = {
            "customer_id": "who it was (customer id)",
            "event_at": "when (date)",
            "quantity": "how many pieces (quantity), by which the unit price is multiplied",
            "amount": "for how much (amount, or unit price and quantity)",
        }
        needed = ", ".join(said[role] for role in missing)
        raise TableError(
            "needs_mapping",
            f"No column is chosen that tells {needed}. Choose one of: {quoted(preview.header[:20])}.",
            column=missing[0],
            columns=missing,
        )


def _has_twin_amounts(preview: Preview) -> bool:
    twins = [column for group in alike_columns(preview) for column in group]
    return any(_score("amount", column)[0] >= SURE_AMOUNT for column in twins)


def _refuse_twins(mapping: dict[str, str]) -> None:
    roles: dict[str, str] = {}
    for role, name in mapping.items():
        if name in roles:
            raise refuse_mapping(
                "wrong_mapping",
                f"Column {shown(name)} cannot be both {roles[name]} and {role}. Choose another for one of "
                "them.",
                name,
            )
        roles[name] = role


def _refuse_content(role: str, column: DetectedColumn) -> None:
    name = shown(column.name)
    sample = quoted(column.examples[:2])
    instead = "Choose another column." if role in REQUIRED else "Choose another column, or none."
    if column.kind == "blank":
        raise refuse_mapping("wrong_mapping", f"Column {name} is blank in every row. {instead}", column.name)
    if role == "event_at" and column.kind != "date":
        raise refuse_mapping(
            "wrong_mapping",
            f"Column {name} holds no dates (but e.g. {sample}), so it cannot say when. {instead}",
            column.name,
        )
    if role == "time" and column.kind != "time":
        raise _no_times(column, name, sample, instead)
    if role in NUMBERS and column.kind != "number":
        what = {"date": "dates", "time": "times of day"}.get(column.kind, "texts")
        raise refuse_mapping(
            "wrong_mapping",
            f"Column {name} holds {what} (e.g. {sample}), so it cannot be the {role.replace('_', ' ')}. "
            f"{instead}",
            column.name,
        )
    if role == "customer_id":
        _refuse_customers(column, name, sample, instead)
    if role == "label" and column.distinct > 2 + (column.blanks > 0):
        raise refuse_mapping(
            "wrong_mapping",
            f"Column {name} has {column.distinct:,} different values (e.g. {sample}); a churn label says "
            f"yes or no. {instead}",
            column.name,
        )
    if role in ("order_id", "product", "category", "event_type") and column.kind == "date":
        raise refuse_mapping(
            "wrong_mapping",
            f"Column {name} holds dates, so it cannot be the {role.replace('_', ' ')}. {instead}",
            column.name,
        )


def _no_times(column: DetectedColumn, name: str, sample: str, instead: str) -> TableError:
    if column.kind == "date" and column.has_own_times:
        return refuse_mapping(
            "wrong_mapping",
            f"Column {name} holds dates with their times (e.g. {sample}). Choose it as the date; no column "
            "for the time of day is needed then.",
            column.name,
        )
    return refuse_mapping(
        "wrong_mapping",
        f"Column {name} holds no times of day such as 18:30 or 6:30 PM (but e.g. {sample}), so it cannot say "
        f"at what time. {instead}",
        column.name,
    )


def _refuse_two_times(dates: DetectedColumn, times: DetectedColumn) -> None:
    if dates.has_own_times:
        sample = quoted(dates.examples[:1])
        raise refuse_mapping(
            "wrong_mapping",
            f"The dates in column {shown(dates.name)} have times already (e.g. {sample}), so column "
            f"{shown(times.name)} cannot give them others. Leave the time of day empty.",
            times.name,
        )


def _refuse_customers(column: DetectedColumn, name: str, sample: str, instead: str) -> None:
    if column.kind in MOMENTS:
        what = "dates" if column.kind == "date" else "times of day"
        raise refuse_mapping(
            "wrong_mapping", f"Column {name} holds {what}, so it cannot say who. {instead}", column.name
        )
    if column.distinct < FEWEST_CUSTOMERS and column.rows >= ROWS_TO_JUDGE:
        raise refuse_mapping(
            "too_few_customers",
            f"Column {name} has only {counted(column.distinct, 'different value')} in "
            f"{counted(column.rows, 'row')} (e.g. {sample}): that does not tell customers apart. {instead}",
            column.name,
        )


def _settle_order(column: DetectedColumn, answer: str | None) -> str:
    if answer is not None and answer not in ORDERS:
        raise ValueError(f"date_order must be one of {ORDERS}, got {answer!r}")
    if column.date_order_ambiguous:
        if answer in ("DMY", "MDY"):
            return answer
        raise open_dates(column.name, column.examples)
    if answer is not None and answer != column.date_order and "YMD" not in (answer, column.date_order):
        raise refuse_mapping(
            "wrong_mapping",
            f"Column {shown(column.name)}: its dates are written {SPOKEN[column.date_order]}, as in "
            f"{EXAMPLES[column.date_order]}; most cannot be read as {SPOKEN[answer]}. Choose the order in "
            "which they are written.",
            column.name,
        )
    return column.date_order


def _settle_signs(column: DetectedColumn, answer: str | None) -> NumberFormat:
    if answer is not None and answer not in DECIMALS:
        raise ValueError(f"decimal must be one of {DECIMALS}, got {answer!r}")
    if not column.decimal_ambiguous:
        return NumberFormat.of(column)
    if answer is None:
        raise open_numbers(column.name, column.examples)
    other = "," if answer == "." else "."
    return NumberFormat(answer, other, column.lakhs, column.percent)
