"""Geometry of the lineage: the chain of tables on the left, what was added to it on the right."""

from __future__ import annotations

from dataclasses import dataclass

BOX_WIDTH, BOX_HEIGHT = 250, 64
ROW_HEIGHT = 104
LEFT, RIGHT = 4, 370
TOP = 4
WIDTH = RIGHT + BOX_WIDTH + 4
LONGEST_TEXT = 34


@dataclass(frozen=True)
class Box:
    """One table: where it stands, and its three lines of text."""

    x: int
    y: int
    pk: int
    lines: tuple[str, ...]
    is_current: bool

    @property
    def texts(self):
        """Each line with the place of its baseline."""
        return [(self.x + 12, self.y + 22 + 17 * number, line) for number, line in enumerate(self.lines)]


@dataclass(frozen=True)
class Picture:
    """What the template draws; boxes and arrows in SVG units."""

    width: int
    height: int
    box_width: int
    box_height: int
    boxes: list[Box]
    arrows: list[dict[str, int]]


def draw_lineage(steps, *, current) -> Picture:
    """Lay out the steps of `training.selectors.chain_of`, the oldest at the top."""
    boxes, arrows = [], []
    for place, step in enumerate(steps):
        y = TOP + place * ROW_HEIGHT
        boxes.append(_box(LEFT, y, step.dataset, _learned(step.versions), current))
        if place:
            middle = LEFT + BOX_WIDTH // 2
            arrows.append({"x1": middle, "y1": y - ROW_HEIGHT + BOX_HEIGHT, "x2": middle, "y2": y - 7})
        if step.upload:
            boxes.append(_box(RIGHT, y, step.upload, "", current))
            level = y + BOX_HEIGHT // 2
            arrows.append({"x1": RIGHT, "y1": level, "x2": LEFT + BOX_WIDTH + 7, "y2": level})
    height = TOP + (len(steps) - 1) * ROW_HEIGHT + BOX_HEIGHT + 4 if steps else 0
    return Picture(WIDTH, height, BOX_WIDTH, BOX_HEIGHT, boxes, arrows)


def _box(x, y, dataset, last, current):
    lines = (dataset.short_title, f"{dataset.row_count:,} customers", last)
    return Box(x, y, dataset.pk, tuple(_short(line) for line in lines if line), dataset == current)


def _learned(versions):
    if not versions:
        return ""
    more = f" and {len(versions) - 1} more" if len(versions) > 1 else ""
    return f"taught {versions[0]}{more}"


def _short(text):
    text = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
