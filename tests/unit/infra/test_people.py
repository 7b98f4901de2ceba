"""The persons of the office: a row that does not tell who it is, is refused with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.errors import CatalogueError
from infra.people import load_people

HEAD = "person_id,person_name,roles,valid_from,valid_to\n"


@pytest.mark.parametrize(("row", "said"), [
    ("a,Lê C,steward,2019-01-01,", "'a' stands above"),
    ("b,Lê A,steward,2019-01-01,", "'Lê A' stands above"),
    ("b,Lê B,chief,2019-01-01,", "'chief' is no role"),
])  # fmt: skip
def test_a_row_that_does_not_tell_who_somebody_is(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"{HEAD}a,Lê A,steward,2019-01-01,\n{row}\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match=said) as refused:
        load_people(path)
    assert "3" in str(refused.value) and "people.csv" in str(refused.value)
