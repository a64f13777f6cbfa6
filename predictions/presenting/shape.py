"""What a histogram of probabilities says: how many customers are low, between and high, and what is expected
of them. A low probability is no safety: of many who have one, some leave. No model is named as what
expects it: of first-time buyers a rate stands in.
"""

# Bars below a fifth are low, and those from four fifths on are high.
FIFTHS = 5


def describe_shape(counts: dict) -> str:
    """Say where most customers of a finished run are, and how many of them are expected to leave."""
    bars, expected = counts["histogram"], counts.get("histogram_expected")
    edge, rows = max(1, len(bars) // FIFTHS), counts["rows"]
    low, high = f"{edge / len(bars):.2f}", f"{1 - edge / len(bars):.2f}"

    def tell(part, where):
        number = sum(bars[part])
        of = "customer" if rows == 1 else "customers"
        told = f"{number:,} of {rows:,} {of} {'is' if number == 1 else 'are'} {where}"
        # Results of earlier days did not add it up.
        return told if expected is None else f"{told}; {_expects(number, sum(expected[part]))}"

    bottom, top = slice(None, edge), slice(-edge, None)
    safe, gone = sum(bars[bottom]) / rows, sum(bars[top]) / rows
    if gone >= 0.5:
        return tell(top, f"at {high} or above")
    if safe >= 0.5:
        return tell(bottom, f"below {low}")
    return tell(slice(edge, len(bars) - edge), f"between {low} and {high}")


def _expects(number, expected):
    if not number:
        return "nobody is there to leave"
    leavers = min(round(expected), number)
    if number == 1:
        return f"it is expected to leave with a probability of {expected:.2f}"
    if not leavers:
        return "fewer than one of them is expected to leave"
    return f"{leavers:,} of them {'is' if leavers == 1 else 'are'} expected to leave"
