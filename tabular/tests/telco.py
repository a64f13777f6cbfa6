"""The schemas of the corpus, written out for the tests of this package."""

from datetime import date

from tabular.values.schema import BlankRule, Column, TableSchema, TrainingRules

YES_NO = ("No", "Yes")
SERVICE = ("No", "No internet service", "Yes")

TELCO = TableSchema(
    "telco",
    (
        Column("customerID", "id"),
        Column("InternetService", "category", categories=("DSL", "Fiber optic", "No")),
        *(
            Column(name, "category", categories=SERVICE)
            for name in (
                "OnlineSecurity",
                "OnlineBackup",
                "DeviceProtection",
                "TechSupport",
                "StreamingTV",
                "StreamingMovies",
            )
        ),
        Column("Contract", "category", categories=("Month-to-month", "One year", "Two year")),
        Column("SeniorCitizen", "category", categories=("0", "1")),
        *(
            Column(name, "category", categories=YES_NO)
            for name in ("Partner", "Dependents", "PaperlessBilling")
        ),
        Column(
            "PaymentMethod",
            "category",
            categories=(
                "Bank transfer (automatic)",
                "Credit card (automatic)",
                "Electronic check",
                "Mailed check",
            ),
        ),
        Column("tenure", "number", minimum=0, maximum=1200, integer=True, usual_minimum=0, usual_maximum=72),
        Column("MonthlyCharges", "number", minimum=0, maximum=1e9, usual_minimum=18, usual_maximum=119),
        Column("TotalCharges", "number", minimum=0, maximum=1e9, blank_means=BlankRule(0, "tenure", 0)),
        Column("Churn", "label", required=False),
    ),
)

TRANSACTIONS = TableSchema(
    "transactions",
    (
        Column("customer_id", "id"),
        Column("event_date", "date", latest=date(2026, 12, 31)),
        Column("amount", "number", usual_minimum=0),
        Column("event_type", "category", required=False),
        Column("churn_label", "label", required=False, categories=("0", "1")),
    ),
    one_row_per_id=False,
    needs_mapping=True,
    training=TrainingRules(minimum_rows=30, minimum_customers=10, minimum_days=60),
)

SCHEMAS = {"telco": TELCO, "transactions": TRANSACTIONS}
