"""Searching the help: which section has all the words, and the words around the first of them."""

import re
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from core.help import HelpPage, Section, help_pages

MOST_WORDS = 8
BEFORE, AFTER = 60, 160


@dataclass(frozen=True)
class Found:
    """A section that has all the words."""

    page: HelpPage
    section: Section
    excerpt: SafeString

    @property
    def url(self) -> str:
        return f"{self.page.url}#{self.section.anchor}" if self.section.anchor else self.page.url


def search_help(asked: str) -> list[Found]:
    """Return the sections that have every word of `asked`; those with the words in a heading stand first.

    The first section of a page is called as the page is.
    """
    words = [_stem(word) for word in re.findall(r"[\w-]+", asked.lower())[:MOST_WORDS]]
    if not words:
        return []
    hits = [
        (_weight(words, page, section), Found(page, section, _excerpt(section.text, words)))
        for page in help_pages().values()
        for section in page.sections
        if all(word in f"{section.heading} {section.text}".lower() for word in words)
    ]
    return [found for weight, found in sorted(hits, key=lambda hit: -hit[0])]


def _stem(word: str) -> str:
    # Who asks for "keys" also wants what is said of one key.
    return word.removesuffix("s") if len(word) > 3 else word


def _weight(words: list[str], page: HelpPage, section: Section) -> int:
    title, heading, text = page.title.lower(), section.heading.lower(), section.text.lower()
    return sum(20 * (word in heading) + 10 * (word in title) + min(text.count(word), 5) for word in words)


def _excerpt(text: str, words: list[str]) -> SafeString:
    places = [place for place in (text.lower().find(word) for word in words) if place >= 0]
    start = max(0, min(places, default=0) - BEFORE)
    start = text.find(" ", start) + 1 if start else 0
    end = text.find(" ", start + BEFORE + AFTER)
    cut = text[start:] if end < 0 else text[start:end]
    pattern = re.compile("|".join(re.escape(escape(word)) for word in words), re.IGNORECASE)
    marked = pattern.sub(lambda found: f"<mark>{found[0]}</mark>", escape(cut))
    return mark_safe(f"{'… ' if start else ''}{marked}{' …' if end >= 0 else ''}")
