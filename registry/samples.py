"""Files to try things with: invented customers, as the original data set has them."""

from functools import lru_cache
from io import StringIO

from django.http import HttpResponse

from core.downloads import CSV


def send_sample(name: str, *, rows: int, with_outcomes: bool) -> HttpResponse:
    """Send a CSV file of `rows` customers; `with_outcomes` also says who left."""
    answer = HttpResponse(_sample(rows, with_outcomes), content_type=CSV)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@lru_cache(maxsize=4)
def _sample(rows, with_outcomes):
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
