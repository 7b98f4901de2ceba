"""No slip of the hand or of a spreadsheet program in the catalogue loads as something else."""

from __future__ import annotations

import csv
import dataclasses
import io
import shutil
import typing
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.read.labels import ROLES
from infra.catalogue import TABLES, Catalogue, load_catalogue
from infra.catalogue_cells import CellError, read_day
from infra.catalogue_words import LabelRole, nearest
from infra.errors import CatalogueError
from infra.settings import CATALOGUE

Edit = Callable[[list[list[str]]], object]
EXCEL_DAY = date(1899, 12, 30)


def load(folder: Path) -> Catalogue:
    return load_catalogue.__wrapped__(folder)


def records(name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO((CATALOGUE / f"{name}.csv").read_text(encoding="utf-8"))))


def written(rows: list[list[str]], delimiter: str = ",") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CATALOGUE, tmp_path / "catalogue"))


def refused(folder: Path, name: str, line: int) -> CatalogueError:
    with pytest.raises(CatalogueError) as raised:
        load(folder)
    error = raised.value
    assert error.place == f"{folder / name}.csv:{line}", error
    assert error.message_vi.endswith(".") and error.message_en.endswith(".") and error.remedy_vi
    return error


def refused_with(folder: Path, name: str, line: int, column: str, value: str) -> CatalogueError:
    """Return the error for one cell of the shipped catalogue replaced; the file is put back."""
    rows = records(name)
    rows[line - 1][rows[0].index(column)] = value
    path = folder / f"{name}.csv"
    before = path.read_bytes()
    path.write_text(written(rows), encoding="utf-8")
    try:
        return refused(folder, name, line)
    finally:
        path.write_bytes(before)


def closed_columns() -> list[tuple[str, str]]:
    found = []
    for name, row_type in TABLES.items():
        hints = typing.get_type_hints(row_type)
        closed = [f.name for f in dataclasses.fields(row_type) if typing.get_origin(hints[f.name]) is typing.Literal]
        found += [(name, column) for column in closed]
    ids = [("labels", "indicator_id"), ("phrases", "indicator_id"), ("labels", "context"), ("phrases", "context"),
           ("provisions", "provider"), ("provisions", "indicator_id"), ("definitions", "indicator_id"),
           ("submitters", "area_code"), ("area_aliases", "area_code"), ("areas", "parent_code"),
           ("narrative_wordings", "target"), ("indicators", "unit")]
    flags = [("indicators", "is_printed"), ("definitions", "is_current"), ("reporting_regimes", "is_default")]
    return found + ids + flags


def slips(word: str) -> list[str]:
    """What fingers make of a word: a letter lost, doubled, swapped, a blank inside, another script's letter."""
    swapped = word[1::-1] + word[2:]
    made = [word[:-1], word[1:], word + word[-1], swapped, f"{word[0]} {word[1:]}", f"{word}x", f"\u200b{word}",
            word.replace("a", "а").replace("o", "о").replace("e", "е")]  # Cyrillic
    return [slip for slip in made if slip.strip() not in (word, "")]


def test_the_shipped_catalogue_is_sound(folder: Path) -> None:
    assert load(folder).at("2019-04").province.area_name == "Tỉnh Gia Lai"


def test_closed_columns_are_found() -> None:
    known = {("provisions", "role"), ("provisions", "detail"), ("recipients", "channel"), ("areas", "area_level"),
             ("indicators", "aggregation"), ("indicators", "indicator_kind"), ("phrases", "kind")}
    assert known <= set(closed_columns())


@given(data=st.data())
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_slip_in_a_closed_word_is_refused_at_its_line(folder: Path, data: st.DataObject) -> None:
    name, column = data.draw(st.sampled_from(closed_columns()))
    rows = records(name)
    place = rows[0].index(column)
    known = {part for row in rows for part in row[place].split(";")} | {"true", "false"}
    line = data.draw(st.sampled_from([n for n, row in enumerate(rows, 1) if n > 1 and row[place]]))
    slip = data.draw(st.sampled_from([s for s in slips(rows[line - 1][place]) if s not in known] or ["???"]))
    error = refused_with(folder, name, line, column, slip)
    assert column in error.message_vi and any(part.strip() in error.message_vi for part in slip.split(";"))


@pytest.mark.parametrize(("name", "column", "slip", "meant"), [
    ("provisions", "role", "sourc", "source"), ("provisions", "role", "Source", "source"),
    ("recipients", "channel", "e-mail", "email"), ("areas", "area_level", "huyện district", "district"),
    ("indicators", "aggregation", "sum-submitters", "sum_submitters"), ("labels", "indicator_id", "#serail", "#serial"),
    ("provisions", "indicator_id", "phone_subs_fixd", "phone_subs_fixed"),
])
def test_the_nearest_word_is_suggested(folder: Path, name: str, column: str, slip: str, meant: str) -> None:
    error = refused_with(folder, name, 2, column, slip)
    assert f"có phải “{meant}”?" in error.message_vi


def test_nothing_near_is_suggested_for_a_strange_word() -> None:
    assert nearest("zzzz", ["source", "optional"]) == ""


@pytest.mark.parametrize(("name", "column", "value"), [
    ("indicators", "print_order", "mười"), ("indicators", "print_order", "1e3"), ("indicators", "decimals", "-1"),
    ("indicators", "lower_bound", "0,5"), ("indicators", "lower_bound", "NaN"), ("indicators", "label_vi", ""),
    ("indicators", "upper_bound", "-5"), ("indicators", "indicator_id", "Tổng số"),
    ("reference_figures", "value", "1.463.750"), ("reference_figures", "value", "1.46E+06"),
    ("reference_figures", "value", "1463.750"), ("reference_figures", "value", "0.001"),
    ("reference_figures", "value", "-5"),
    ("reference_figures", "value", ""), ("units", "multiplier", "0"), ("units", "multiplier", "1.000"),
    ("units", "unit_code", ""),
    ("submitters", "addresses", "pvhtt.pleiku"), ("submitters", "addresses", "a@b"),
    ("submitters", "addresses", "Phòng <a@b.example>"), ("recipients", "addresses", "a@b.example c@d.example"),
    ("recipients", "addresses", ""), ("areas", "area_code", "6"), ("areas", "area_code", "6a"),
    ("reporting_regimes", "due_day", "32"), ("reporting_regimes", "due_time", "25:00"),
    ("reporting_regimes", "last_day", "cuối"), ("definitions", "is_current", "đúng"),
    ("areas", "valid_to", "2013-12-23"), ("areas", "valid_from", ""), ("indicators", "aggregation", "sum_submitters"),
    ("submitters", "submitter_name", "Ph?ng Văn hóa"), ("submitters", "submitter_name", "Phòng\u2028Văn hóa"),
])
def test_a_cell_that_its_column_does_not_want_is_refused(folder: Path, name: str, column: str, value: str) -> None:
    refused_with(folder, name, 2, column, value)


def test_two_submitters_cannot_share_an_address(folder: Path) -> None:
    error = refused_with(folder, "submitters", 3, "addresses", "pvhtt.pleiku@pleiku-gialai.example")
    assert "dòng 2" in error.message_vi


def test_excels_capital_truths_are_read(folder: Path) -> None:
    path = folder / "indicators.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",true,", ",TRUE,"), encoding="utf-8")
    assert load(folder) == load(CATALOGUE)


def test_the_roles_that_reading_knows_are_those_of_the_catalogue() -> None:
    assert set(typing.get_args(LabelRole)) == set(ROLES)


# ---------------------------------------------------------------- days


DAYS = st.dates(min_value=date(1950, 1, 1), max_value=date(2150, 12, 31))
FORMS = {
    "iso": lambda d: d.isoformat(), "slashed": lambda d: f"{d.year}/{d.month}/{d.day}",
    "office": lambda d: f"{d.day}/{d.month}/{d.year}", "padded": lambda d: f"{d:%d/%m/%Y}",
    "american": lambda d: f"{d.month}/{d.day}/{d.year}", "dotted": lambda d: f"{d:%d.%m.%Y}",
    "with an hour": lambda d: f"{d.isoformat()} 00:00:00", "short hour": lambda d: f"{d.day}/{d.month}/{d.year} 0:00",
    "blanks": lambda d: f"\u00a0{d.day} / {d.month} / {d.year}", "two digits": lambda d: f"{d:%d/%m/%y}",
    "serial": lambda d: str((d - EXCEL_DAY).days), "serial 1904": lambda d: str((d - date(1904, 1, 1)).days),
    "named": lambda d: f"{d:%d-%b-%Y}", "hashes": lambda d: "########",
}


@given(DAYS, st.sampled_from(sorted(FORMS)))
@settings(max_examples=1000)
def test_a_day_is_itself_or_refused_whatever_a_program_made_of_it(day: date, form: str) -> None:
    text = FORMS[form](day).strip()
    try:
        assert read_day("valid_to", text) == day.isoformat()
    except CellError as error:
        assert "2019-12-31" in error.vi and form not in ("iso", "slashed", "with an hour")


@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2150, 12, 31)))
def test_a_day_that_can_be_two_is_refused_with_both(day: date) -> None:
    if day.day <= 12 and day.day != day.month:
        with pytest.raises(CellError) as raised:
            read_day("valid_to", f"{day.day}/{day.month}/{day.year}")
        assert day.isoformat() in raised.value.vi
    elif day.day > 12:
        assert read_day("valid_to", f"{day.day}/{day.month}/{day.year}") == day.isoformat()


def test_excels_number_of_a_day_is_refused_with_the_day_to_write() -> None:
    with pytest.raises(CellError, match="45839") as raised:
        read_day("valid_to", "45839")
    assert "2025-07-01" in raised.value.vi


@pytest.mark.parametrize("text", ["2025-02-30", "31/4/2025", "0205-07-01", "2025-7", "tháng 7", "20250701", "25-07-01"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        read_day("valid_to", text)


def test_days_of_a_file_saved_by_excel_reach_the_catalogue_as_days(folder: Path) -> None:
    path = folder / "areas.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2025-06-30", "30/06/2025"), encoding="utf-8")
    assert load(folder) == load(CATALOGUE)


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_file_is_read_however_excel_saved_it(folder: Path, encoding: str, separator: str) -> None:
    text = written(records("submitters"), separator).replace("\n", "\r\n")
    marks = {"utf-16-le-bom": ("utf-16-le", b"\xff\xfe"), "utf-16-be-bom": ("utf-16-be", b"\xfe\xff")}
    codec, mark = marks.get(encoding, (encoding, b""))
    (folder / "submitters.csv").write_bytes(mark + text.encode(codec))
    assert load(folder) == load(CATALOGUE)


def test_decomposed_letters_are_the_same_letters(folder: Path) -> None:
    import unicodedata

    path = folder / "submitters.csv"
    path.write_text(unicodedata.normalize("NFD", path.read_text(encoding="utf-8")), encoding="utf-8")
    assert load(folder) == load(CATALOGUE)


def in_windows_1258(text: str) -> bytes:
    import unicodedata

    tones = "\u0300\u0301\u0303\u0309\u0323"
    return "".join(c if c in "đĐ" else "".join(
        [unicodedata.normalize("NFC", "".join(x for x in unicodedata.normalize("NFD", c) if x not in tones)),
         *(x for x in unicodedata.normalize("NFD", c) if x in tones)]) for c in text).encode("cp1258")


SPOILT: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    "windows-1258": (lambda data: in_windows_1258(data.decode()), 2),
    "utf-16 without a mark": (lambda data: data.decode().encode("utf-16-le"), 1),
    "utf-32": (lambda data: data.decode().encode("utf-32"), 1),
    "empty": (lambda data: b"", 1),
    "only a mark": (lambda data: b"\xef\xbb\xbf\r\n", 1),
    "no rows": (lambda data: data.splitlines()[0], 1),
    "no header": (lambda data: b"\n".join(data.splitlines()[1:]), 1),
    "a column lost": (lambda data: data.replace(b"submitter_kind,", b"", 1), 1),
    "a row too short": (lambda data: data.replace(b",district,622,", b",622,", 1), 2),
    "a row too long": (lambda data: data.replace(b",district,622,", b",district,622,,", 1), 2),
    "quote left open": (lambda data: data.replace(b"dist_623,", b'dist_623,"', 1), 3),
    "a huge cell": (lambda data: data.replace(b"dist_623,", b"dist_623," + b"x" * 200_000, 1), 3),
    "NUL": (lambda data: data.replace(b"dist_623", b"dist\x00623", 1), 3),
    "a workbook by the name of csv": (lambda data: b"PK\x03\x04" + bytes(range(256)), 1),
}


@pytest.mark.parametrize("what", sorted(SPOILT))
def test_a_spoilt_file_is_a_sentence_with_file_and_line(folder: Path, what: str) -> None:
    spoil, line = SPOILT[what]
    path = folder / "submitters.csv"
    path.write_bytes(spoil(path.read_bytes()))
    refused(folder, "submitters", line)


def test_a_missing_file_is_a_sentence(folder: Path) -> None:
    (folder / "labels.csv").unlink()
    refused(folder, "labels", 1)


def test_lines_are_those_of_an_editor_after_blank_and_long_rows(folder: Path) -> None:
    path = folder / "recipients.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace("Bộ TT&TT", '"Bộ\nTT&TT"')
    lines[2] = lines[2].replace("document_system", "document")
    path.write_text("\n".join([lines[0], "", lines[1], ",,,,,,,", *lines[2:]]), encoding="utf-8")
    refused(folder, "recipients", 6)


@given(st.sampled_from(sorted(TABLES)), st.binary(max_size=400), st.integers(0, 3000))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_put_anywhere_never_end_in_a_traceback(folder: Path, name: str, junk: bytes, at: int) -> None:
    path = folder / f"{name}.csv"
    before = path.read_bytes()
    path.write_bytes(before[:at] + junk + before[at:])
    try:
        load(folder)
    except CatalogueError as error:
        assert error.place.startswith(str(folder))
    finally:
        path.write_bytes(before)


NEEDED = ("areas", "submitters", "indicators", "reporting_regimes", "departments")


@pytest.mark.parametrize(("name", "period"), [
    ("areas", "2013-11"), ("submitters", "2018-12"), ("departments", "2018-12"),
])
def test_a_month_that_the_catalogue_does_not_cover_is_refused_by_table(name: str, period: str) -> None:
    whole = load_catalogue()
    others = {table: tuple(dataclasses.replace(row, valid_from="1990-01-01") for row in getattr(whole, table))
              for table in NEEDED if table != name}
    with pytest.raises(CatalogueError) as raised:
        dataclasses.replace(whole, **others).at(period)
    assert f"{name}.csv" in raised.value.place and period in raised.value.message_vi
