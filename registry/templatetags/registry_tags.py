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
def base_badge(context, base: Population | None) -> dict:
    """Name the customer base that something is about; nothing where the company has only one."""
    return {"base": base if base and several_bases(context) else None, "portal": context.get("portal")}
