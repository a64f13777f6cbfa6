"""How pages write numbers, times and links, so that all of them do it alike."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from core import figures, pictures
from core.figures import MINUS, MORE_PLACES, NARROW_SPACE
from core.fresh import fresh_token

register = template.Library()

MISSING = "\u2013"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and value == value


@register.filter
def thousands(value: Any, places: int = 0) -> str:
    """Write 7043 as 7,043; what is not a number stays as it is, None becomes a dash."""
    if value is None or value == "":
        return MISSING
    if not _is_number(value):
        return str(value)
    return f"{value:,.{places}f}"


@register.filter
def percent(value: Any, places: int = 1) -> str:
    """Write the fraction 0.265 as 26.5 %; neither 0 nor 100 % unless it is exactly that."""
    return figures.percent(value, places) if _is_number(value) else MISSING


@register.filter
def of_hundred(value: Any, places: int = 1) -> str:
    """Write a share that was counted in percent, 26.5, by the same rule."""
    return figures.of_100(value / 100, places) if _is_number(value) else MISSING


@register.filter
def probability(value: Any, places: int = 2) -> str:
    """Write a probability as 0.88; neither 0.00 nor 1.00 unless it is exactly that."""
    if not _is_number(value):
        return MISSING
    smallest = 10**-places
    if 0 < value < smallest / 2:
        return f"<{smallest:.{places}f}"
    if 1 - smallest / 2 < value < 1:
        return f">{1 - smallest:.{places}f}"
    return f"{value:.{places}f}"


@register.filter
def signed(value: Any, places: int = 3) -> str:
    """Write a difference with its sign: +0.031, and a true minus sign for negative ones.

    One that rounds to 0 gets as many more digits as it needs: an interval tells by them on which side of 0
    it ends.
    """
    if not _is_number(value):
        return MISSING
    for digits in range(places, places + MORE_PLACES + 1):
        if round(abs(value), digits):
            return f"{'+' if value > 0 else MINUS}{abs(value):,.{digits}f}"
    return f"±{0:.{places}f}"


@register.filter
def duration(value: Any) -> str:
    """Write seconds or a timedelta as people say it: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min, 3 days."""
    seconds = value.total_seconds() if isinstance(value, dt.timedelta) else value
    if not _is_number(seconds):
        return MISSING
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f}{NARROW_SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    if hours:
        parts = (f"{hours}{NARROW_SPACE}h", f"{minutes_left}{NARROW_SPACE}min" if minutes_left else "")
    elif minutes:
        parts = (f"{minutes}{NARROW_SPACE}min", f"{rest}{NARROW_SPACE}s" if rest and minutes < 10 else "")
    else:
        parts = (f"{rest}{NARROW_SPACE}s",)
    return " ".join(part for part in parts if part)


@register.filter
def capfirst_only(value: Any) -> str:
    """Write CRITICAL, critical or Critical as Critical."""
    return str(value).replace("_", " ").capitalize()


@register.filter
def moment(value: dt.datetime | None) -> str | SafeString:
    """Write an instant as a <time>: UTC, or the reader's own zone once static/js/app.js has run."""
    return _time_element(value, kind="datetime", pattern="j M Y, H:i")


@register.filter
def day(value: dt.datetime | dt.date | None) -> str | SafeString:
    """Write the date of an instant, or a plain date, which has no zone and is never moved."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), date_format(value, "j M Y"))
    return _time_element(value, kind="date", pattern="j M Y")


def _time_element(value: dt.datetime | None, *, kind: str, pattern: str) -> str | SafeString:
    if value is None or value == "":
        return MISSING
    if timezone.is_naive(value):
        value = timezone.make_aware(value, dt.UTC)
    in_utc = value.astimezone(dt.UTC)
    text = date_format(in_utc, pattern, use_l10n=False) + (" UTC" if kind == "datetime" else "")
    return format_html(
        '<time datetime="{}" title="{} UTC" data-local="{}">{}</time>',
        in_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        in_utc.strftime("%Y-%m-%d %H:%M:%S"),
        kind,
        text,
    )


@register.filter
def widget_kind(field: Any) -> str:
    """Return what sort of input a bound field has (Django's name: text, email, select, checkbox, file)."""
    return getattr(field.field.widget, "input_type", type(field.field.widget).__name__.lower())


@register.simple_tag
def sent_once() -> SafeString:
    """Write the token of a form that is a button alone, see `core.forms.SentOnceForm`."""
    return format_html('<input type="hidden" name="token" value="{}">', fresh_token())


@register.simple_tag(takes_context=True)
def query_link(context: template.Context, *, param: str, value: Any) -> str:
    """Return this page's address with one parameter changed; the others stay, so filters survive paging."""
    query = context["request"].GET.copy()
    query[param] = value
    return f"?{query.urlencode()}"


@register.inclusion_tag("components/_sort_header.html", takes_context=True)
def sort_header(
    context: template.Context,
    label: str,
    key: str,
    *,
    numeric: bool = False,
    first: str = "",
    default: str = "",
    target: str = "",
) -> dict[str, Any]:
    """Draw a column heading that sorts: `?sort=key`, and `?sort=-key` when it already does.

    Numbers start with the largest, text with A: what people look for first. `first` ("up" or "down") says
    otherwise where a column is neither: line numbers start with the first, tiers with the worst.
    """
    query = context["request"].GET.copy()
    current = query.get("sort", default)
    if current.lstrip("-") == key:
        query["sort"] = key if current.startswith("-") else f"-{key}"
    else:
        falls = first == "down" if first else numeric
        query["sort"] = f"-{key}" if falls else key
    query.pop("page", None)
    order = {key: "ascending", f"-{key}": "descending"}.get(current)
    href = f"?{query.urlencode()}"
    return {"label": label, "key": key, "href": href, "order": order, "numeric": numeric, "target": target}


@register.filter
def breakable(name: str) -> SafeString:
    """Let a long address or name end a line after its signs, and not inside a word."""
    return mark_safe(re.sub(r"([@._/])", r"\1<wbr>", escape(name)))


@register.simple_tag
def meter(value: float | None, tone: str = "neutral") -> SafeString:
    """Draw a fraction between 0 and 1 as a short bar; the number itself stands beside it."""
    width = min(max(float(value or 0), 0.0), 1.0) * 100
    return format_html(
        '<svg class="meter {}" width="64" height="6" aria-hidden="true">'
        '<rect class="track" width="100%" height="6"/><rect class="fill" width="{}%" height="6"/></svg>',
        tone,
        f"{width:.1f}",
    )


@register.filter
def bar_widths(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Prepare `components/_bars.html`."""
    return pictures.bar_widths(rows)


@register.filter
def histogram_shapes(bins: Iterable[Mapping[str, Any]]) -> pictures.Histogram:
    """Prepare `components/_histogram.html`."""
    return pictures.histogram(bins)


@register.filter
def split_shapes(parts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Prepare `components/_split.html`."""
    return pictures.split(parts)


@register.inclusion_tag("components/_chart.html")
def chart(
    figure: Mapping[str, Any], *, name: str, title: str, sub: str = "", in_fragment: bool = False
) -> dict[str, Any]:
    """Draw a figure made by `core.charts.embed`; `name` is unique on the page.

    `in_fragment` says that htmx may put it into a page that stands already: it lets no script in, so that the
    figure travels in an attribute.
    """
    return {
        "figure": figure,
        "payload": json.dumps(figure) if in_fragment else "",
        "name": name,
        "script_id": f"chart-{name}",
        "title": title,
        "sub": sub,
    }
