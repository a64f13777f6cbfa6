"""What pages say of a log of visits, and of a model that learned from one: the words are exchanged."""

import re

from django import template
from django.utils.safestring import SafeString, mark_safe

from ml.logs.visits import say_visits

register = template.Library()

# Marks, and what is no sentence of ours: names that people gave, code, and figures for a script.
KEPT = re.compile(r"(<(bdi|code|script|textarea)\b.*?</\2\s*>|<[^>]*>)", re.DOTALL | re.IGNORECASE)
# What is read aloud, or stands beside a cell on a narrow screen, is said within a mark.
ALOUD = re.compile(r'(?<=\s)(?:aria-label|title|alt|data-label)="[^"]*"')


@register.tag
def worded_for(parser, token):
    """Say what stands up to `endworded_for` as the log or the version that is named calls it.

    Its ``is_of_visits`` tells whether purchases are visits there.
    """
    _, name = token.split_contents()
    nodes = parser.parse(("endworded_for",))
    parser.delete_first_token()
    return _Worded(parser.compile_filter(name), nodes)


class _Worded(template.Node):
    def __init__(self, subject, nodelist):
        self.subject, self.nodelist = subject, nodelist

    def render(self, context) -> SafeString:
        written = self.nodelist.render(context)
        subject = self.subject.resolve(context, ignore_failures=True)
        return say_visits_on_page(written) if getattr(subject, "is_of_visits", False) else written


def say_visits_on_page(written: str) -> SafeString:
    """Return HTML with its sentences about visits, also those read aloud; code and names in <bdi> stay."""
    found, at = [], 0
    for kept in KEPT.finditer(written):
        aloud = kept[0] if kept[2] else ALOUD.sub(lambda said: say_visits(said[0]), kept[0])
        found += [say_visits(written[at : kept.start()]), aloud]
        at = kept.end()
    # Every text was escaped when the page was written, and words alone are exchanged.
    return mark_safe("".join([*found, say_visits(written[at:])]))
