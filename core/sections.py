"""What the floors above add to a page: an app says it in its ``apps.py``, and the page knows no such app."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class _Part:
    order: int
    provide: Callable[..., Any]


class Sections:
    """The parts of one page, or of one kind of thing, that other apps provide.

    One instance stands beside the page. What it is asked about (a member, a log) is the same for every part.
    """

    def __init__(self):
        self._parts: dict[str, _Part] = {}

    def add(self, name: str, provide: Callable[..., Any], *, order: int = 50) -> None:
        """Let `provide` say what stands under `name`, the smallest `order` first.

        Parameters
        ----------
        name
            The template of the part, where it has one. Added again, it takes the place of the earlier one.
        provide
            Called at each view with what the page is about; returns None to say nothing today.
        """
        self._parts[name] = _Part(order, provide)

    def of(self, *about) -> Iterator[tuple[str, Any]]:
        """Yield name and content of every part that has something to say about `about`."""
        for name, part in sorted(self._parts.items(), key=lambda item: item[1].order):
            content = part.provide(*about)
            if content is not None:
                yield name, content

    def for_page(self, *about) -> list[dict]:
        """Return ``{"template", "content"}`` of every part; a template finds its content as ``section``."""
        return [{"template": name, "content": content} for name, content in self.of(*about)]

    def contents(self, *about) -> list:
        """Return what the parts say, where each says one thing."""
        return [content for _, content in self.of(*about)]

    def all_of(self, *about) -> list:
        """Return in one list what parts say that have several things to say."""
        return [each for content in self.contents(*about) for each in content]

    def first_of(self, *about) -> Any | None:
        """Return what the first part says that says anything."""
        return next((content for _, content in self.of(*about)), None)


@dataclass(frozen=True)
class Link:
    """Something that another app lets a page lead to: a verb or a name, and its address."""

    label: str
    url: str
