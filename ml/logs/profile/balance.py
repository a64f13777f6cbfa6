"""How many churn against how many stay, and what to do where the two are far apart."""

from __future__ import annotations

SEVERE_LOW, SEVERE_HIGH = 0.10, 0.90
# Below it the advice speaks of few churners; class weights are the default well before that.
FEW = 0.20
WEIGHTS_BELOW = 0.40


def describe_balance(churned, customers, *, source):
    """Return churn rate, how uneven the classes are, and advice.

    Parameters
    ----------
    churned, customers : int
        How many left, of how many.
    source : str
        Where that comes from: "label" (a column of the log) or "definition" (the suggested threshold).

    Returns
    -------
    dict
        `churn_rate`, `minority_share`, `ratio` (stayed per churned), `severe`, `default` ("none", "class
        weights" or "SMOTE"), `advice` (sentences) and `choices` (each way with whether it is recommended, and
        why).

    Examples
    --------
    >>> describe_balance(187, 1000, source="definition")["default"]
    'class weights'
    >>> describe_balance(5, 1000, source="label")["severe"]
    True
    """
    if not customers:
        return None
    rate = churned / customers
    minority = min(rate, 1 - rate)
    severe = rate < SEVERE_LOW or rate > SEVERE_HIGH
    fewer = "churners" if rate <= 0.5 else "customers who stay"
    if not churned or churned == customers:
        who = "Nobody churns" if not churned else "Everybody churns"
        advice = [f"{who} by this definition: there is nothing to learn. Choose another threshold."]
        default = "none"
    elif severe:
        advice = [
            f"Only {100 * minority:.1f} % are {fewer}: a severe imbalance. A model that never names one "
            "would look right."
        ]
        default = "SMOTE"
    elif minority < WEIGHTS_BELOW:
        default = "class weights"
        advice = [f"{100 * minority:.1f} % are {fewer}; class weights make each of them count for more."]
        if minority < FEW:
            advice.append("Judge models by recall and precision of the churners, not by accuracy.")
    else:
        advice, default = ["The two classes are about equally large; nothing has to be done."], "none"
    return {
        "source": source,
        "customers": customers,
        "churned": churned,
        "churn_rate": rate,
        "minority_share": minority,
        "ratio": (customers - churned) / churned if churned else None,
        "severe": severe,
        "default": default,
        "advice": advice,
        "choices": [
            {
                "name": "Class weights",
                "recommended": default == "class weights",
                "why": "No row is invented or thrown away. The default below 40 %.",
            },
            {
                "name": "SMOTE",
                "recommended": default == "SMOTE",
                "why": (
                    "Invents customers between real ones of the smaller class. Worth it below 10 %; "
                    "probabilities must be calibrated afterwards on real ones."
                ),
            },
            {
                "name": "Undersampling",
                "recommended": False,
                "why": (
                    "Throws away customers of the larger class. Only where there are far more than enough: "
                    f"with {customers:,} customers {int(2 * minority * customers):,} would be left."
                ),
            },
        ],
    }
