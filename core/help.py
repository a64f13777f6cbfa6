"""The help: the documents in `docs/` that say how something is done, and on which pages each is needed.

`docs/help/README.md` lists them in their order. A document begins with a comment that names the views whose
readers it helps, so a new page of the product gets its help where the words stand, and nowhere else.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

FOLDER = Path(settings.BASE_DIR) / "docs" / "help"
LISTED = re.compile(r"^- \[(?P<title>[^\]]+)\]\((?P<path>[^)]+)\): (?P<summary>.+)$")
VIEWS = re.compile(r"\A<!-- help for:(?P<views>[^>]*)-->\s*")
# A cell with more characters is text, which stands below its label on a narrow screen.
LONGEST_FIGURE = 24
DOCUMENT = re.compile(r"^(?:[\w./-]*/)?(?P<slug>[\w-]+)\.md(?P<anchor>#.*)?$")


@dataclass(frozen=True)
class Section:
    """What stands under one heading, as plain text, for the search."""

    heading: str
    anchor: str
    text: str


@dataclass(frozen=True)
class HelpPage:
    """One document: how it is listed, what a page shows of it, and whose readers it helps."""

    slug: str
    title: str
    summary: str
    group: str
    views: tuple[str, ...]
    html: str
    sections: tuple[Section, ...]

    @property
    def url(self) -> str:
        return reverse("help-page", args=[self.slug])


@cache
def help_pages() -> dict[str, HelpPage]:
    """Return every help page by its slug, in the order in which they are listed."""
    group, pages = "", {}
    for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            group = line.removeprefix("## ")
        elif found := LISTED.match(line):
            page = _read(FOLDER / found["path"], found["title"], found["summary"], group)
            pages[page.slug] = page
    return pages


def help_for(view: str) -> HelpPage | None:
    """Return the page that helps the readers of `view`, the name of a URL."""
    return _by_view().get(view)


@cache
def _by_view() -> dict[str, HelpPage]:
    return {view: page for page in help_pages().values() for view in page.views}


def _read(path: Path, title: str, summary: str, group: str) -> HelpPage:
    source = path.read_text(encoding="utf-8")
    views = VIEWS.match(source)
    writer = _writer()
    tokens = _dressed(writer.parse(VIEWS.sub("", source)))
    return HelpPage(
        slug=path.stem,
        title=title,
        summary=summary,
        group=group,
        views=tuple(views["views"].split()) if views else (),
        html=writer.renderer.render(tokens, writer.options, {}),
        sections=tuple(_sections(tokens, title)),
    )


def _writer() -> MarkdownIt:
    writer = MarkdownIt("commonmark", {"html": False}).enable("table")
    rules = writer.renderer.rules
    rules["table_open"] = lambda *_: (
        '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table class="data stacked">\n'
    )
    rules["table_close"] = lambda *_: "</table></div>\n"
    rules["fence"] = lambda tokens, at, *_: f"<pre><code>{_code(tokens[at])}</code></pre>\n"
    rules["code_inline"] = lambda tokens, at, *_: f"<code>{_code(tokens[at])}</code>"
    return writer


def _code(token: Token) -> str:
    # Addresses are longer than lines are on a telephone; they end in them where a path has a step.
    return re.sub(r"(?<=[\w}])/(?=\w|\{)", "/<wbr>", escape(token.content))


def _dressed(tokens: list[Token]) -> list[Token]:
    """Return `tokens` without the title, as a page of ours writes headings, numbers and links."""
    if tokens and tokens[0].tag == "h1":
        tokens = tokens[3:]
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open":
            token.attrSet("id", slugify(_text(following)))
        elif token.attrs.pop("style", None) == "text-align:right":
            # An inline style would need a hole in the content security policy.
            token.attrSet("class", "num")
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", _address(str(child.attrGet("href"))))
    _label_cells(tokens)
    return tokens


def _label_cells(tokens: list[Token]) -> None:
    """Name the row by its first cell and each other cell by its column, for windows that stack them."""
    columns, place = [], 0
    for opened, content, closed in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opened.type == "thead_open":
            columns = []
        elif opened.type == "tr_open":
            place = 0
        elif opened.type == "th_open":
            columns.append(_text(content))
        elif opened.type == "td_open" and place == 0:
            opened.tag = closed.tag = "th"
            opened.attrSet("scope", "row")
            place = 1
        elif opened.type == "td_open":
            opened.attrSet("data-label", columns[place])
            if len(_text(content)) > LONGEST_FIGURE:
                opened.attrJoin("class", "long")
            place += 1


def _address(target: str) -> str:
    """Return where a link between documents leads in the product."""
    found = DOCUMENT.match(target)
    if not found or "://" in target:
        return target
    return reverse("help-page", args=[found["slug"]]) + (found["anchor"] or "")


def _text(token: Token) -> str:
    words = (" " if child.type == "softbreak" else child.content for child in token.children or ())
    return "".join(words) or token.content


def _sections(tokens: list[Token], title: str):
    heading, anchor, texts = title, "", []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type not in ("inline", "fence"):
            continue
        if before and before.type == "heading_open" and before.tag == "h2":
            yield Section(heading, anchor, " ".join(texts))
            heading, anchor, texts = _text(token), str(before.attrGet("id")), []
        else:
            texts.append(_text(token))
    yield Section(heading, anchor, " ".join(texts))
