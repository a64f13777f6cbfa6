"""How customer bases are named on pages, and what may be done with a version."""

from django import template

from registry import selectors
from registry.models import Population
from registry.selectors import has_several_bases

register = template.Library()

# Each takes the deployment by which the version serves: {% if version|may_be_deployed:deployment %}
register.filter(selectors.may_be_deployed)
register.filter(selectors.may_be_withdrawn)


@register.simple_tag(takes_context=True)
def several_bases(context) -> bool:
    """Say whether the reader's company has customers of several kinds, so that a page says which it means."""
    request = context["request"]
    if not hasattr(request, "several_bases"):
        # Asked by every line of a table.
        member = context.get("member")
        request.several_bases = bool(member) and has_several_bases(member.company)
    return request.several_bases


@register.inclusion_tag("components/_base.html", takes_context=True)
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
