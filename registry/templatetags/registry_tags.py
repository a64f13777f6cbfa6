"""How customer bases are named on pages, what may be done with a version, where the floors above stand."""

from django import template

from core.sections import Link
from registry import selectors
from registry.models import Dataset, Population, ShadowRun
from registry.presenting import links
from registry.selectors import has_several_bases

register = template.Library()

# Each takes the deployment by which the version serves: {% if version|may_be_deployed:deployment %}
register.filter(selectors.may_be_deployed)
register.filter(selectors.may_be_withdrawn)


@register.simple_tag(takes_context=True)
def several_bases(context) -> bool:
    """Say whether the reader's company has customers of several kinds, so that a page says which it means."""
    member = context.get("member")
    return bool(member) and has_several_bases(member.company)


@register.inclusion_tag("registry/_base_badge.html", takes_context=True)
def base_badge(context, base: Population | None, always: bool = False) -> dict:
    """Name the customer base that something is about; in lists nothing where the company has only one.

    A page about one thing says it `always`: whoever opens it by a link has not seen that there is only one.
    """
    named = base and (always or several_bases(context))
    return {"base": base if named else None, "portal": context.get("portal")}


@register.filter
def readers(users: int) -> str:
    """Say whom a change reaches: the developer who reads this predicts too, with or without `users`."""
    return f"you and {users:,} user{'' if users == 1 else 's'}" if users else "you"


@register.simple_tag(takes_context=True)
def base_actions(context, base: Population | None = None) -> list[Link]:
    """Return what is done with the models of `base`, or on a page about all of them."""
    return links.base_actions.contents(context["member"], base)


@register.simple_tag(takes_context=True)
def table_page(context, table: Dataset) -> str | None:
    return links.table_pages.first_of(context["member"], table)


@register.simple_tag(takes_context=True)
def run_page(context, run: ShadowRun) -> str | None:
    return links.run_pages.first_of(context["member"], run)


@register.simple_tag(takes_context=True)
def run_files(context, run: ShadowRun) -> list[Link]:
    return links.run_files.contents(context["member"], run)


@register.simple_tag(takes_context=True)
def doors_for_tables(context) -> list[Link]:
    """Return where a table goes whose customers belong to no base yet."""
    return links.doors_for_tables.contents(context["member"])
