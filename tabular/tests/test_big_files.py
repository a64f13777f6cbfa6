"""Memory stays flat: a file many times larger than the limit is checked, read and written."""

import pytest

from sandbox.child import supervise
from tabular.tests import chores
from tabular.tests.telco import TELCO

LIMIT = 400 << 20


@pytest.fixture
def big(tmp_path):
    """About half a gigabyte of customers."""
    rows = [
        f"{i % 2},Yes,No,{i % 72},DSL,Yes,No,No,No,Yes,No,One year,Yes,Mailed check,{20 + i % 90}.25,{i}.5,No"
        for i in range(1000)
    ]
    header = (
        "customerID,SeniorCitizen,Partner,Dependents,tenure,InternetService,OnlineSecurity,OnlineBackup,"
        "DeviceProtection,TechSupport,StreamingTV,StreamingMovies,Contract,PaperlessBilling,PaymentMethod,"
        "MonthlyCharges,TotalCharges,Churn\n"
    )
    path = tmp_path / "big.csv"
    with path.open("w") as file:
        file.write(header)
        for block in range(5000):
            file.write("".join(f"{block:05d}-{place:05d},{row}\n" for place, row in enumerate(rows)))
    return path


@pytest.mark.slow
def test_half_a_gigabyte_is_checked_and_written_in_flat_memory(big):
    arguments = {"path": str(big), "schema": TELCO.to_dict(), "target": f"{big}.result.csv"}

    done = supervise(f"{chores.__name__}:copy_table", arguments, memory_bytes=LIMIT, seconds=300)

    assert done.result == {"accepted": 5_000_000, "written": 5_000_000}
    assert done.peak_bytes < LIMIT
