"""The customer base that the installation ships: customers of a telecom company, one row each.

Only here, in its columns (`ml.matrix.telco`), in made-up data and in tests the product knows a word about
telecom; everything else reads the row.
"""

from ml.matrix.telco import TELCO_SLICES, TELCO_V1

TELECOM = {
    "name": "Telecom customers",
    "kind": "SNAPSHOT",
    "schema": TELCO_V1.to_dict(),
    "roles": {
        "id": TELCO_V1.id_column,
        "outcome": TELCO_V1.label.name,
        "left": TELCO_V1.label.values[-1],
        "value": "MonthlyCharges",
    },
    "definition": {"column": TELCO_V1.label.name},
    "wording": {
        "InternetService": {"label": "Internet service"},
        "OnlineSecurity": {"label": "Online security"},
        "TechSupport": {"label": "Tech support"},
        "Contract": {"label": "Contract"},
        "SeniorCitizen": {"label": "Senior citizen", "values": {"0": "no", "1": "yes"}},
        "Partner": {"label": "Partner"},
        "Dependents": {"label": "Dependents"},
        "OnlineBackup": {"label": "Online backup"},
        "DeviceProtection": {"label": "Device protection"},
        "StreamingTV": {"label": "Streaming TV"},
        "StreamingMovies": {"label": "Streaming movies"},
        "PaymentMethod": {"label": "Payment method"},
        "PaperlessBilling": {"label": "Paperless billing"},
        "tenure": {"label": "Tenure", "unit": "months"},
        "MonthlyCharges": {"label": "monthly charges", "unit": "per month"},
        "TotalCharges": {"label": "total charges", "unit": "since joining"},
    },
    "currency": "",
    "slices": list(TELCO_SLICES),
    "policies": {"risk_tiers": "segments_v2", "threshold": None, "promotion": "by_hand"},
}
