"""How shares and counts are written: a share never as all or nothing where it is neither."""

# A number is kept together with its unit and sign: a line break inside "26.5 %" reads as two things.
NARROW_SPACE = "\u202f"
MINUS = "\u2212"
# A share that so many more digits do not tell from all or nothing is written with < or >.
MORE_PLACES = 3
EXACT = 1e-12


def of_100(share: float, places: int = 0) -> str:
    """Write the fraction 0.265 as 26, of 100.

    99.7 is not rounded to 100, nor 0.3 to 0: such a share gets as many more digits as it needs. Who reads
    that 100 of 100 were found takes it that nobody was missed.
    """
    # A sum of exact shares may be off by its last bit, and a negative zero is one.
    is_exact = abs(share - round(share)) < EXACT
    of = 100 * (float(round(share)) + 0.0 if is_exact else float(share))
    for digits in range(places, places + MORE_PLACES + 1):
        text = f"{of:,.{digits}f}"
        if is_exact or float(text.replace(",", "")) not in (0, 100):
            return text.replace("-", MINUS)
    smallest = 10**-digits
    return f">{100 - smallest:.{digits}f}" if share > 0.5 else f"<{smallest:.{digits}f}"


def percent(share: float, places: int = 1) -> str:
    """Write the fraction 0.265 as 26.5 %, by the rule of `of_100`."""
    return f"{of_100(share, places)}{NARROW_SPACE}%"


def counted(number: int, one: str, many: str = "") -> str:
    """Write a count with its noun: 1 customer, 1,204 customers."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
