"""Charts as plain SVG: for the report, which has to stand without a script, on paper too."""

from __future__ import annotations

import math

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.charts import PALETTE, SERIES
from core.figures import percent
from core.pictures import round_steps

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 24, 52
ROW_HEIGHT, NAMES = 24, 230
# More labels than these run into each other.
MOST_LABELS = 8
# Safe text stays safe only beside safe text.
NOTHING = SafeString("")
DASHED = ("none", "6 4", "2 3", "8 3 2 3")


def draw_svg(chart):
    """Draw a `transactions.presenting.profile_charts.Chart`."""
    if chart.kind == "rows":
        return _rows(chart)
    return _lines(chart) if chart.kind == "lines" else _bars(chart)


def _bars(chart):
    sums = [sum(values) for values in zip(*(_numbers(series) for series in chart.series), strict=True)]
    steps = _steps(0, max(sums, default=0))
    place = _scale(steps)
    slot = (WIDTH - LEFT - RIGHT) / max(len(chart.labels), 1)
    shapes, below = [], [0.0] * len(sums)
    for number, series in enumerate(chart.series):
        for column, value in enumerate(_numbers(series)):
            top, bottom = place(below[column] + value), place(below[column])
            below[column] += value
            shapes.append(
                (
                    f"{LEFT + (column + 0.1) * slot:.1f}",
                    f"{top:.1f}",
                    f"{0.8 * slot:.1f}",
                    f"{max(bottom - top, 0):.1f}",
                    SERIES[number].light,
                    "1" if number == 0 else "0.75",
                )
            )
    rects = format_html_join(
        "", '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" fill-opacity="{}"/>', shapes
    )
    centres = [LEFT + (number + 0.5) * slot for number in range(len(chart.labels))]
    return _frame(chart, rects, steps, place, centres)


def _lines(chart):
    known = [value for series in chart.series for value in _numbers(series)]
    steps = _steps(min(known, default=0), max(known, default=0))
    place = _scale(steps)
    last = max(len(chart.labels) - 1, 1)
    xs = [LEFT + (WIDTH - LEFT - RIGHT) * number / last for number in range(len(chart.labels))]
    lines = format_html_join(
        "",
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="1.8" stroke-dasharray="{}"/>',
        (
            (
                " ".join(f"{x:.1f},{place(y):.1f}" for x, y in zip(xs, _numbers(series), strict=True)),
                SERIES[number].light,
                DASHED[number % len(DASHED)],
            )
            for number, series in enumerate(chart.series)
        ),
    )
    marks = format_html_join(
        "",
        '<line x1="{0}" x2="{0}" y1="{1}" y2="{2}" stroke="{3}" stroke-dasharray="2 3"/>'
        '<text x="{4}" y="{5}">{6}</text>',
        (
            (
                f"{xs[chart.labels.index(at)]:.1f}",
                TOP,
                HEIGHT - BOTTOM,
                PALETTE["line-2"].light,
                f"{xs[chart.labels.index(at)] + 5:.1f}",
                TOP + 10,
                text,
            )
            for at, text in chart.marks
            if at in chart.labels
        ),
    )
    return _frame(chart, lines + marks, steps, place, xs)


def _rows(chart):
    series = chart.series[0]
    values = _numbers(series)
    largest = max((abs(value) for value in values), default=0) or 1
    room = WIDTH - NAMES - 110
    height = ROW_HEIGHT * len(values) + 8
    rows = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="end">{}</text>'
        '<rect x="{}" y="{}" width="{}" height="14" fill="{}"/><text x="{}" y="{}">{}</text>',
        (
            (
                NAMES - 8,
                number * ROW_HEIGHT + 16,
                _short(label),
                NAMES,
                number * ROW_HEIGHT + 5,
                f"{max(abs(value) / largest * room, 0.5):.1f}",
                SERIES[0].light,
                f"{NAMES + abs(value) / largest * room + 6:.1f}",
                number * ROW_HEIGHT + 16,
                series.text(value),
            )
            for number, (label, value) in enumerate(zip(chart.labels, values, strict=True))
        ),
    )
    return _svg(chart, rows, height)


def _frame(chart, inside, steps, place, centres):
    """Put axes, their names and a legend around the shapes."""
    series = chart.series[0]
    grid = format_html_join(
        "",
        '<line x1="{0}" x2="{1}" y1="{2}" y2="{2}" stroke="{3}"/>'
        '<text x="{4}" y="{5}" text-anchor="end">{6}</text>',
        (
            (
                LEFT,
                WIDTH - RIGHT,
                f"{place(step):.1f}",
                PALETTE["line"].light,
                LEFT - 6,
                f"{place(step) + 4:.1f}",
                percent(step, 0) if series.is_share else f"{step:,.10g}",
            )
            for step in steps
        ),
    )
    every = max(math.ceil(len(chart.labels) / MOST_LABELS), 1)
    labels = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            (f"{centre:.1f}", HEIGHT - BOTTOM + 16, _short(label, 16))
            for number, (centre, label) in enumerate(zip(centres, chart.labels, strict=True))
            if number % every == 0
        ),
    )
    names = format_html(
        '<text x="{}" y="{}" text-anchor="middle">{}</text><text x="0" y="12">{}</text>',
        (LEFT + WIDTH - RIGHT) // 2,
        HEIGHT - 12,
        chart.across,
        chart.up,
    )
    legend = NOTHING
    if len(chart.series) > 1:
        legend = format_html_join(
            "",
            '<rect x="{}" y="3" width="12" height="9" fill="{}" fill-opacity="{}"/>'
            '<text x="{}" y="12">{}</text>',
            (
                (
                    WIDTH - 100 * (len(chart.series) - number),
                    SERIES[number].light,
                    "0.75" if number and chart.kind == "bars" else "1",
                    WIDTH - 100 * (len(chart.series) - number) + 17,
                    one.name,
                )
                for number, one in enumerate(chart.series)
            ),
        )
    return _svg(chart, grid + inside + labels + names + legend, HEIGHT)


def _svg(chart, inside, height):
    return format_html(
        '<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}" '
        'font-size="11" font-family="sans-serif" xmlns="http://www.w3.org/2000/svg">'
        '<g fill="{}">{}</g></svg>',
        WIDTH,
        height,
        WIDTH,
        height,
        chart.title,
        # On the shapes and not in a style sheet: the printer looks into none for what is inside a picture.
        PALETTE["ink-2"].light,
        inside,
    )


def _numbers(series):
    return [value or 0 for value in series.values]


def _steps(least, most):
    """Return round steps of the upright axis; below zero they go down as evenly as they go up."""
    reach = max(most, -least, 0)
    if reach > 4:
        upward = round_steps(math.ceil(reach))
    else:
        # `round_steps` knows whole numbers only.
        factor = 10 ** (2 - math.floor(math.log10(reach))) if reach else 1
        upward = [step / factor for step in round_steps(math.ceil(reach * factor))]
    step = upward[1]
    highest = [value for value in upward if value - step < most] or [0, step]
    lowest = math.floor(least / step) if least < 0 else 0
    return [step * number for number in range(lowest, 0)] + highest


def _scale(steps):
    low, high = steps[0], steps[-1] if steps[-1] > steps[0] else steps[0] + 1
    return lambda value: HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _short(text, most=30):
    text = str(text)
    return text if len(text) <= most else text[: most - 1] + "…"
