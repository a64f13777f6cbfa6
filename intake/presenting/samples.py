"""Files to try things with: invented customers, as the original data set has them."""

from functools import lru_cache
from io import StringIO


@lru_cache(maxsize=4)
def sample_customers(rows: int, *, with_outcomes: bool) -> str:
    """Return a CSV file of `rows` customers; `with_outcomes` also says who left."""
    # Brings pandas; most requests never need it.
    from ml.samples.dataset_a import make_dataset_a

    table = make_dataset_a(rows=rows, seed=rows)
    if with_outcomes:
        # New customers: under the ids of the original they would replace it.
        table["customerID"] = [f"SAMPLE-{number:04d}" for number in range(1, rows + 1)]
    else:
        table = table.drop(columns="Churn")
    text = StringIO()
    table.to_csv(text, index=False)
    return text.getvalue()


@lru_cache(maxsize=1)
def sample_members() -> str:
    """Return a CSV file of customers of whom telecom knows nothing, with who left."""
    # Brings pandas, as above.
    from ml.samples.members import make_members

    text = StringIO()
    make_members().to_csv(text, index=False)
    return text.getvalue()
