"""What stands on a long page, made from the headings that it really has."""

from __future__ import annotations

import re
from itertools import count

from django import template
from django.template.loader import render_to_string
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

HEADING = re.compile(r"<h2(?P<attributes>[^>]*)>(?P<text>.*?)</h2>", re.DOTALL)
ID = re.compile(r'\bid="(?P<id>[^"]+)"')
# A shorter page is read from top to bottom.
FEWEST = 4


@register.tag
def contents(parser, token):
    """Put before what stands up to `endcontents` a list of its second headings, which stays in view."""
    nodes = parser.parse(("endcontents",))
    parser.delete_first_token()
    return _Contents(nodes)


class _Contents(template.Node):
    def __init__(self, nodelist):
        self.nodelist = nodelist

    def render(self, context) -> SafeString:
        found: list[dict] = []
        numbers = count(1)

        def name(heading: re.Match) -> str:
            attributes, text = heading["attributes"], heading["text"]
            given = ID.search(attributes)
            key = given["id"] if given else f"part-{next(numbers)}"
            # What is in a heading was escaped when the page was written; only its marks go.
            found.append({"id": key, "text": mark_safe(strip_tags(text).strip())})
            return heading[0] if given else f'<h2 id="{key}"{attributes}>{text}</h2>'

        body = HEADING.sub(name, self.nodelist.render(context))
        listed = (
            render_to_string("components/_contents.html", {"parts": found}) if len(found) >= FEWEST else ""
        )
        return mark_safe(f'<div class="with-contents">{listed}{body}</div>')
