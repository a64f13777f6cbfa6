import pytest
from django.conf import settings
from django.core.management import CommandError, call_command


def test_the_committed_file_is_what_the_command_writes():
    call_command("make_dataset_a", check=True)


def test_writes_6435_customers_and_three_columns_to_ignore(tmp_path, capsys):
    path = tmp_path / "DatasetA.csv"

    call_command("make_dataset_a", output=path)

    lines = path.read_text().splitlines()
    assert len(lines) == 6_436
    assert path.read_bytes() == settings.DATASET_A.read_bytes()
    assert "26.4 % churned" in capsys.readouterr().out


def test_another_file_fails_the_check(tmp_path):
    path = tmp_path / "DatasetA.csv"
    path.write_text("customerID\n")

    with pytest.raises(CommandError, match="not what make_dataset_a writes"):
        call_command("make_dataset_a", output=path, check=True)
