"""Who is learned from and who is held out, in one version and along a chain of them."""

from __future__ import annotations

import hashlib

import numpy as np

from ml.matrix.hashing import FEWEST_DIFFERENT

TEST_SHARE = 0.2
FEWEST_PER_CLASS = 30


def refuse_few(labels, *, what="Learning", where="", advice=""):
    """Refuse customers of whom too few had one of the outcomes.

    Parameters
    ----------
    labels : ndarray of int, shape (n_customers,)
    what : str, default "Learning"
        What they are too few for.
    where : str
        Which customers, at the end of the first clause.
    advice : str
        What would help, as a sentence.

    Raises
    ------
    ValueError
        Names both numbers.
    """
    churned = int(np.sum(labels))
    stayed = len(labels) - churned
    if has_few(labels):
        raise ValueError(
            f"{what} needs at least {FEWEST_PER_CLASS} customers who left and as many who stayed{where}, "
            f"got {churned:,} and {stayed:,}. {advice}".strip()
        )


def has_few(labels):
    """Tell whether too few customers had one of the outcomes to learn from.

    Parameters
    ----------
    labels : ndarray of int, shape (n_customers,)

    Returns
    -------
    bool

    Examples
    --------
    >>> has_few(np.array([0, 1] * 29)), has_few(np.array([0, 1] * 30))
    (True, False)
    """
    churned = int(np.sum(labels))
    return min(churned, len(labels) - churned) < FEWEST_PER_CLASS


def split_rows(labels, seed=42):
    """Split customers 80 to 20, each part with the same share of leavers.

    Parameters
    ----------
    labels : ndarray of int, shape (n_customers,)
    seed : int, default 42

    Returns
    -------
    learned, held_out : ndarray of int
        Positions.

    Examples
    --------
    >>> learned, held_out = split_rows(np.array([0, 0, 0, 1] * 25))
    >>> len(learned), len(held_out)
    (80, 20)
    """
    return _draw(labels, TEST_SHARE, seed)


def plan_split(labels, seed=42, held_out=None):
    """Return who is learned from and who is held out, and what the manifest says of it.

    Parameters
    ----------
    labels : ndarray of int, shape (n_customers,)
    seed : int, default 42
    held_out : ndarray of bool, shape (n_customers,), optional
        From `continue_split`, where an earlier version held out some of them already; by default a fifth,
        from `split_rows`.

    Returns
    -------
    learned, held_out : ndarray of int
        Positions.
    plan : dict
        ``test_share``, ``seed``, ``stratified``, ``train_rows``, ``test_rows``; ``held_out_sha256`` where the
        seed alone does not say who.

    Raises
    ------
    ValueError
        `held_out` is of another length, or leaves an outcome out of either part.
    """
    if held_out is None:
        share, how = TEST_SHARE, {}
        learned, held_out = split_rows(labels, seed)
    else:
        chosen = np.asarray(held_out, dtype=bool)
        if chosen.shape != labels.shape:
            raise ValueError(f"held_out has {len(chosen)} rows, but there are {len(labels)} customers.")
        share, how = float(chosen.mean()), {"held_out_sha256": hash_split(chosen)}
        learned, held_out = np.flatnonzero(~chosen), np.flatnonzero(chosen)
        if min(len(np.unique(labels[part])) for part in (learned, held_out)) < 2:
            raise ValueError("Both outcomes must occur among those learned from and among those held out.")
    plan = {
        "test_share": share,
        "seed": seed,
        "stratified": True,
        "train_rows": len(learned),
        "test_rows": len(held_out),
    }
    return learned, held_out, plan | how


def plan_apart(labels, seed=42, held_out=None, groups=None):
    """Do `plan_split`, and leave out of who is learned from whose twin is held out.

    Parameters
    ----------
    labels, seed, held_out
        As for `plan_split`.
    groups : ndarray of int, shape (n_customers,), optional
        Customers of one group are twins.

    Returns
    -------
    learned, held_out : ndarray of int
        Positions.
    plan : dict
        As of `plan_split`; where there are groups, with ``twins_left_out``.
    """
    learned, held_out, plan = plan_split(labels, seed, held_out)
    if groups is None:
        return learned, held_out, plan
    there = ~np.isin(groups[learned], groups[held_out])
    left_out = {"train_rows": int(there.sum()), "twins_left_out": int((~there).sum())}
    return learned[there], held_out, plan | left_out


def split_half(labels, seed=42):
    """Split customers in two halves, each with the same share of leavers.

    Parameters
    ----------
    labels : ndarray of int, shape (n_customers,)
    seed : int, default 42

    Returns
    -------
    first, second : ndarray of int
        Positions, rising.
    """
    return tuple(np.sort(half) for half in _draw(labels, 0.5, seed))


def _draw(labels, second_share, seed):
    # Looking at a table asks only whether there are enough rows: it starts a second sooner without.
    from sklearn.model_selection import train_test_split

    places = np.arange(len(labels))
    return train_test_split(places, test_size=second_share, stratify=labels, random_state=seed)


def continue_split(ids, labels, earlier, seed=42, groups=None):
    """Split a table that contains an earlier one, leaving everybody on the side on which they were.

    Then all versions of a chain have the same untouched customers, and the newest is compared with any of
    them on its whole held-out part. A fresh split would hold out customers whom the older version has learned
    from. Nor can those simply be left out: splits of two lengths by one seed are not independent, so that
    another share of the remaining ones has left than of all.

    Parameters
    ----------
    ids : sequence of str, length n_customers
    labels : ndarray of int, shape (n_customers,)
    earlier : mapping of str to bool
        Whether each customer of the earlier table was held out. Everybody else is new.
    seed : int, default 42
    groups : ndarray of int, shape (n_customers,), optional
        Customers of one group are equal and stand on one side: the one that is held out if any of them was.
        Where an earlier version learned from another one of such a group, whoever compares leaves that one
        out. Not for tables with fewer than `ml.matrix.hashing.FEWEST_DIFFERENT` different customers.

    Returns
    -------
    ndarray of bool, shape (n_customers,)
        Who is held out: those who were, and a fifth of the new leavers and of the new stayers, with groups as
        nearly as whole ones allow.

    Raises
    ------
    ValueError
        There are not as many ids as labels.

    Examples
    --------
    >>> held = continue_split(["a", "b", *"cdefghijkl"], np.array([0, 1] * 6), {"a": True, "b": False})
    >>> bool(held[0]), bool(held[1]), int(held[2:].sum())
    (True, False, 2)
    """
    if len(ids) != len(labels):
        raise ValueError(f"There are {len(ids)} ids, but {len(labels)} labels.")
    held_out = np.fromiter((earlier.get(customer, False) for customer in ids), dtype=bool, count=len(ids))
    new = np.fromiter((customer not in earlier for customer in ids), dtype=bool, count=len(ids))
    # Its own stream for every step of a chain, or the same positions would be drawn each time.
    rng = np.random.default_rng([seed, len(earlier)])
    if groups is not None and int(np.max(groups)) + 1 >= FEWEST_DIFFERENT:
        return _continue_groups(np.asarray(labels), held_out, new, np.asarray(groups), rng)
    for outcome in (0, 1):
        places = np.flatnonzero(new & (np.asarray(labels) == outcome))
        held_out[rng.permutation(places)[: round(TEST_SHARE * len(places))]] = True
    return held_out


def _continue_groups(labels, held_out, new, groups, rng):
    """Hold out groups where one of them was held out before, and a fifth of the customers of new ones."""
    sizes = np.bincount(groups)
    leavers = 2 * np.bincount(groups, weights=labels) > sizes
    old = np.bincount(groups, weights=~new) > 0
    chosen = np.bincount(groups, weights=held_out) > 0
    for outcome in (False, True):
        places = np.flatnonzero(~old & (leavers == outcome))
        chosen[_fill(rng.permutation(places), sizes)] = True
    return chosen[groups]


def _fill(places, sizes):
    """Return of `places` as many as make up a fifth of their customers; what is too large is passed over."""
    room, taken = round(TEST_SHARE * int(sizes[places].sum())), []
    for place in places.tolist():
        if room <= 0:
            break
        if sizes[place] <= room:
            taken.append(place)
            room -= int(sizes[place])
    return np.array(taken, dtype=np.int64)


def hash_split(held_out):
    """Return the SHA-256 of who is held out, by position.

    Parameters
    ----------
    held_out : ndarray of bool, shape (n_customers,)

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return hashlib.sha256(np.packbits(np.asarray(held_out, dtype=bool)).tobytes()).hexdigest()
