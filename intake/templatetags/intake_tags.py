"""What templates say of files that were not accepted."""

from django import template

from intake.services.belonging import Belongs

register = template.Library()


@register.simple_tag(takes_context=True)
def door_of(context, belongs: Belongs) -> dict | None:
    """Return the page where a file belongs, for who is looking: its address, and what a button says."""
    door = belongs.door
    return door and {"url": door.page(context["member"]), "label": door.label, "takes_file": door.takes_file}
