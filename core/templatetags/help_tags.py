"""The link from a page to what helps its reader."""

from django import template

from core.help import HelpPage, help_for

register = template.Library()


@register.simple_tag(takes_context=True)
def help_here(context: template.Context) -> HelpPage | None:
    """Return what helps whoever reads the page that is being written, if anything does."""
    match = getattr(context.get("request"), "resolver_match", None)
    return help_for(match.view_name) if match else None
