"""Members of a chain of gyms: a table that knows no word about telecom, to try one's own customers with."""

import numpy as np
import pandas as pd

SEED = 2026
LATEST_JOIN = np.datetime64("2026-06-30")
CLUBS = ("Harbour", "Old Town", "Park", "Station", "University", "West")
MEMBERSHIPS = {"Basic": (0.46, 29.0), "Plus": (0.3, 44.0), "Family": (0.14, 69.0), "Student": (0.1, 22.0)}
SHARE_LEFT = 0.24
BLANK_ANSWERS = 0.35


def make_members(rows=800, seed=SEED):
    """Invent members of whom it is known who left within the next quarter.

    Parameters
    ----------
    rows : int, default 800
        Number of members, at least 50.
    seed : int, default 2026
        The same seed gives the same table.

    Returns
    -------
    DataFrame of shape (rows, 12)
        As in a file, with blank answers. Who visits rarely, has complained and joined lately leaves more
        often; about a quarter did.

    Raises
    ------
    ValueError
        Fewer than 50 rows were asked for.

    Examples
    --------
    >>> table = make_members(rows=200)
    >>> table.shape, int((table["Left"] == "yes").sum())
    ((200, 12), 48)
    """
    if rows < 50:
        raise ValueError(f"Fewer than 50 members teach nothing, got {rows}.")
    rng = np.random.default_rng(seed)

    def uniform():
        # Nothing but `random`, the simplest draw there is, so that no release of numpy draws otherwise.
        return rng.random(rows)

    months = np.floor(60 * uniform() ** 1.6).astype(int)
    shares = np.cumsum([share for share, _ in MEMBERSHIPS.values()])
    kinds = np.minimum(np.searchsorted(shares, uniform()), len(MEMBERSHIPS) - 1)
    fees = np.array([fee for _, fee in MEMBERSHIPS.values()])[kinds] + np.round(6 * uniform()) / 2
    visits = np.round(14 * uniform() ** 1.5, 1)
    minutes = np.round(35 + 50 * uniform())
    classes = np.floor(visits * uniform() * 0.6).astype(int)
    trainer = uniform() < 0.18
    complaints = np.floor(3.4 * uniform() ** 3).astype(int)
    mood = np.clip(np.round(8.5 - 1.7 * complaints + 0.15 * visits - 3.5 * uniform()), 1, 10)
    tends = 1.1 - 0.34 * visits - 0.035 * months + 0.9 * complaints - 0.8 * trainer - 0.12 * classes
    return pd.DataFrame(
        {
            "Member no.": [f"M-{number:05d}" for number in range(1, rows + 1)],
            "Joined on": np.datetime_as_string(LATEST_JOIN - np.floor(30.4 * months).astype(int), unit="D"),
            "Club": np.array(CLUBS)[np.floor(len(CLUBS) * uniform()).astype(int)],
            "Membership": np.array(list(MEMBERSHIPS))[kinds],
            "Fee a month": fees,
            "Visits a month": visits,
            "Minutes a visit": minutes.astype(int),
            "Classes booked": classes,
            "Personal trainer": np.where(trainer, "yes", "no"),
            "Complaints": complaints,
            "Satisfaction (1-10)": np.where(uniform() < BLANK_ANSWERS, "", mood.astype(int).astype(str)),
            "Left": np.where(_leaves(tends, uniform()), "yes", "no"),
        }
    )


def _leaves(tends, luck):
    """Choose the share that leaves by inclination and luck: exactly so many, whoever they are."""
    noisy = tends + np.log(luck / (1 - luck))
    leavers = np.argsort(-noisy)[: round(SHARE_LEFT * len(noisy))]
    return np.isin(np.arange(len(noisy)), leavers)
