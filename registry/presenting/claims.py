"""Of a model that was made elsewhere: how good its file says that it is, beside what was measured here."""

from core.figures import counted, of_100, percent
from ml.evaluation.proportions import share_interval


def compare_claims(manifest: dict | None) -> str:
    """Return what was claimed and what was measured, and whether chance explains the difference.

    Nothing where the file claimed nothing, or where nobody was there to measure it on.
    """
    imported = (manifest or {}).get("imported", {})
    claimed, tried = imported.get("claimed"), imported.get("tried_on")
    if not claimed or not tried:
        return ""
    said, measured = claimed["Accuracy"], manifest["metrics"]["weighted"]["Accuracy"]
    low, high = share_interval(round(measured * tried), tried)
    told = (
        f"Its file claims an accuracy of {percent(said)}. "
        f"Of {counted(tried, 'customer')} whom it was tried on here, {percent(measured)} were predicted "
        f"correctly (95 % interval {of_100(low, 1)} to {percent(high)})."
    )
    if low <= said <= high:
        return f"{told} So few customers cannot tell the two apart."
    return f"{told} That is more than chance explains: rely on what was measured."
