"""What the telecom base of the installation reads: the columns of telco files, as they are known from IBM."""

from ml.matrix.schemas import BlankRule, Category, FeatureSchema, Number

_YES_NO = ("No", "Yes")
_ADD_ON = ("No", "No internet service", "Yes")

# The widest values that can be true, not the ones seen in training: a file beyond them is mistaken (months
# written as days, cents as money), while a value beyond the training data is merely counted as out of range
# by the scorer.
TELCO_V1 = FeatureSchema(
    name="telco_v1",
    id_column="customerID",
    categorical=(
        Category("InternetService", ("DSL", "Fiber optic", "No")),
        Category("OnlineSecurity", _ADD_ON),
        Category("TechSupport", _ADD_ON),
        Category("Contract", ("Month-to-month", "One year", "Two year")),
        Category("SeniorCitizen", ("0", "1")),
        Category("Partner", _YES_NO),
        Category("Dependents", _YES_NO),
        Category("OnlineBackup", _ADD_ON),
        Category("DeviceProtection", _ADD_ON),
        Category("StreamingTV", _ADD_ON),
        Category("StreamingMovies", _ADD_ON),
        Category(
            "PaymentMethod",
            ("Bank transfer (automatic)", "Credit card (automatic)", "Electronic check", "Mailed check"),
        ),
        Category("PaperlessBilling", _YES_NO),
    ),
    numeric=(
        Number("tenure", 0, 1_200, integer=True, unit="months"),
        Number("MonthlyCharges", 0, 100_000, unit="per month"),
        Number("TotalCharges", 0, 100_000_000, unit="since joining"),
    ),
    label=Category("Churn", _YES_NO),
    blanks=(BlankRule("TotalCharges", 0.0, when_column="tenure", when_value=0.0),),
    ignored=("gender", "PhoneService", "MultipleLines"),
)

# By what parts of the customers the figures of a model of the telecom base are given.
TELCO_SLICES = ("Contract", "SeniorCitizen", "tenure")
