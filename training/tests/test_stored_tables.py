"""What a child says of stored tables that it cannot read as they were registered."""

from types import SimpleNamespace

import pytest

from registry.engines.files import FileUnreachable
from tabular.errors import TableError
from training.engines.stored_tables import StoredTables

CUSTOMERS = SimpleNamespace(ids=["K1", "K2"])


def who_is_held_out(path):
    tables = StoredTables(path.parent, schema=None, columns=None, max_bytes=1)
    return tables.held_out({"held_out": {"path": str(path), "sha256": "0" * 64}}, CUSTOMERS)


def test_a_folder_that_is_away_is_not_told_as_a_file_to_put_back(tmp_path):
    with pytest.raises(FileUnreachable):
        who_is_held_out(tmp_path / "away" / "table.held_out")


def test_a_file_that_is_gone_from_its_folder_has_to_be_put_back(tmp_path):
    with pytest.raises(TableError, match="Ask the operator to put the file back"):
        who_is_held_out(tmp_path / "table.held_out")
