"""Figures measured on a public data set of 7,043 telecom customers: shares, quantiles, log odds; no rows.

Each log-odds table reads "base" plus one number per condition that holds. Years are tenure / 12; "early" is
1 / (1 + tenure), which is what sets customers of the first months apart.
"""

SENIOR = 0.162
MALE = 0.505
PARTNER = {0: 0.479, 1: 0.502}
DEPENDENTS = {(0, 0): 0.115, (0, 1): 0.589, (1, 0): 0.014, (1, 1): 0.145}
PHONE_WITH_DSL = 0.718

CONTRACT = {
    "Month-to-month": {"base": 0.95, "senior": 0.52, "partner": -0.68, "dependents": -0.29},
    "One year": {"base": -0.36, "partner": 0.06, "dependents": 0.07},
    "Two year": {"base": -0.59, "senior": -0.48, "partner": 0.61, "dependents": 0.22},
}
INTERNET = {
    "DSL": {"base": 0.14, "dependents": 0.04, "one_year": 0.06},
    "Fiber optic": {
        "base": 0.45,
        "senior": 0.96,
        "partner": 0.43,
        "dependents": -0.45,
        "one_year": -0.54,
        "two_year": -0.91,
    },
    "No": {
        "base": -0.59,
        "senior": -0.99,
        "partner": -0.44,
        "dependents": 0.41,
        "one_year": 0.48,
        "two_year": 0.91,
    },
}

# Months of tenure at these shares of the customers, by contract and by whether there is a partner.
TENURE_SHARES = (0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1)
TENURE_QUANTILES = {
    ("Month-to-month", 0): (1, 1, 1, 1, 1, 3, 5, 8, 12, 18, 25, 38, 47, 71),
    ("Month-to-month", 1): (1, 1, 1, 3, 6, 10, 16, 22, 28, 35, 44, 55, 61, 72),
    ("One year", 0): (1, 4, 8, 12, 18, 26, 32, 38, 44, 50, 55, 63, 67, 72),
    ("One year", 1): (1, 7, 12, 18, 26, 35, 43, 50, 54, 59, 64, 68, 70, 72),
    ("Two year", 0): (1, 8, 13, 21, 35, 45, 52, 57, 62, 66, 69, 71, 72, 72),
    ("Two year", 1): (1, 9, 19, 33, 48, 58, 63, 67, 70, 71, 72, 72, 72, 72),
}

LINES = {
    "base": -1.3,
    "senior": 0.37,
    "partner": 0.13,
    "dependents": -0.12,
    "one_year": -0.45,
    "two_year": -0.12,
    "fibre": 0.98,
    "years": 0.38,
    "early": -1.57,
    "no_internet": -0.83,
}

# Customers with internet only; each service is drawn after the ones above it, which it may depend on.
SERVICES = {
    "security": {
        "base": -0.89,
        "senior": -0.3,
        "partner": 0.04,
        "dependents": 0.21,
        "one_year": 0.55,
        "two_year": 1.12,
        "fibre": -0.88,
        "years": 0.2,
        "early": -1.88,
    },
    "backup": {
        "base": -1.34,
        "senior": 0.05,
        "dependents": 0.11,
        "one_year": 0.11,
        "two_year": 0.24,
        "years": 0.37,
        "early": -0.99,
        "security": 0.08,
    },
    "protection": {
        "base": -1.13,
        "partner": 0.14,
        "dependents": -0.08,
        "one_year": 0.7,
        "two_year": 1.4,
        "fibre": 0.19,
        "years": 0.19,
        "early": -2.16,
        "security": -0.09,
    },
    "support": {
        "base": -0.77,
        "senior": -0.46,
        "partner": -0.09,
        "dependents": 0.06,
        "one_year": 0.82,
        "two_year": 1.89,
        "fibre": -0.68,
        "early": -2.56,
        "security": 0.27,
        "backup": 0.15,
        "protection": 0.26,
    },
    "tv": {
        "base": -1.3,
        "senior": 0.08,
        "partner": 0.12,
        "one_year": 0.42,
        "two_year": 0.8,
        "fibre": 0.91,
        "years": 0.11,
        "early": -1.52,
        "security": -0.39,
        "protection": 0.65,
        "support": 0.3,
    },
    "movies": {
        "base": -1.6,
        "senior": 0.15,
        "partner": 0.08,
        "dependents": -0.18,
        "one_year": 0.35,
        "two_year": 0.64,
        "fibre": 0.62,
        "years": 0.09,
        "early": -1.39,
        "security": -0.23,
        "backup": -0.06,
        "protection": 0.56,
        "support": 0.2,
        "tv": 1.42,
    },
}
PAPERLESS = {
    "base": 0.23,
    "senior": 0.36,
    "dependents": -0.13,
    "one_year": -0.48,
    "two_year": -0.72,
    "fibre": 0.86,
    "years": 0.1,
    "early": -0.07,
    "no_internet": -0.93,
}
PAYMENT = {
    "Bank transfer (automatic)": {
        "base": -0.47,
        "senior": 0.06,
        "partner": 0.1,
        "two_year": 0.13,
        "fibre": 0.08,
        "years": 0.16,
        "early": -0.98,
        "no_internet": 0.12,
    },
    "Credit card (automatic)": {
        "base": -0.38,
        "senior": 0.09,
        "partner": -0.05,
        "dependents": 0.05,
        "one_year": 0.21,
        "two_year": 0.39,
        "years": 0.12,
        "early": -1.18,
    },
    "Electronic check": {
        "base": 0.17,
        "senior": 0.28,
        "partner": 0.1,
        "dependents": -0.17,
        "one_year": -0.48,
        "two_year": -1.08,
        "fibre": 0.65,
        "early": 1.23,
        "no_internet": -0.8,
        "paperless": 0.26,
    },
    "Mailed check": {
        "base": 0.67,
        "senior": -0.42,
        "partner": -0.15,
        "dependents": 0.14,
        "one_year": 0.24,
        "two_year": 0.56,
        "fibre": -0.72,
        "years": -0.27,
        "early": 0.93,
        "no_internet": 0.64,
        "paperless": -0.28,
    },
}

# Money per month, added up from what is subscribed; 1.02 is the spread around it.
MONTHLY_PRICES = {
    "base": 24.95,
    "phone": 20.05,
    "lines": 5.01,
    "fibre": 24.96,
    "no_internet": -25.05,
    "security": 5.01,
    "backup": 4.99,
    "protection": 5.02,
    "support": 5.03,
    "tv": 9.97,
    "movies": 9.96,
}
MONTHLY_SPREAD = 1.02
# TotalCharges strays from tenure * MonthlyCharges by this share of a monthly charge per square root of a
# month.
TOTAL_SPREAD = 0.2

# Who leaves. "first" is a customer of at most one month, "log_tenure" is log(1 + tenure).
CHURN = {
    "base": 0.36,
    "senior": 0.23,
    "dependents": -0.12,
    "one_year": -0.7,
    "two_year": -1.65,
    "fibre": 0.96,
    "no_internet": -0.86,
    "phone": -0.55,
    "lines": 0.37,
    "security": -0.31,
    "backup": -0.12,
    "support": -0.28,
    "tv": 0.31,
    "movies": 0.32,
    "paperless": 0.35,
    "echeck": 0.33,
    "log_tenure": -0.52,
    "years": -0.08,
    "first": 0.52,
}
CHURN_RATE = 0.264
