"""The sample's own arithmetic, from its tables and its files, without the readers of submissions."""

from __future__ import annotations

import csv
import email
import email.policy
import io
from decimal import Decimal
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

import pytest

from flows.sample import load_planted_errors, write_sample
from flows.sample.figures import PERIOD, PROVINCE, SampleMonth, dotted, load_messages, load_month, read_table
from infra.errors import OperationError
from infra.settings import PROJECT

GOLDEN = PROJECT / "tests" / "golden" / "april_2019_figures.csv"
ENTERPRISES = ("vnpt", "viettel", "mobifone", "vietnamobile", "fpt", "sctv")


@pytest.fixture(scope="module")
def month() -> SampleMonth:
    return load_month()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(PERIOD, folder)
    return folder


def read_message(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_provincial_figures_are_those_of_the_april_report(month: SampleMonth) -> None:
    """Every golden figure that submitters provide is the sum of what the sources send, by the catalogue."""
    golden = {row["indicator_id"]: Decimal(row["value"]) for row in csv.DictReader(GOLDEN.open(encoding="utf-8"))}
    summed = [i for i in month.catalogue.indicators if i.is_printed and i.aggregation == "sum_submitters"]
    assert len(summed) > 40
    for indicator in summed:
        total = sum(
            month.right(submitter, provision.indicator_id, _own_area(month, submitter, provision.detail))
            for submitter, provisions in month.catalogue.provisions_by_submitter.items()
            for provision in provisions
            if provision.indicator_id == indicator.indicator_id and provision.role in ("source", "optional")
        )
        assert total == golden[indicator.indicator_id], indicator.indicator_id


def _own_area(month: SampleMonth, submitter: str, detail: str) -> str:
    return month.catalogue.submitter_by_id[submitter].area_code if detail == "own_area" else PROVINCE


def test_every_submitter_sends_what_the_catalogue_asks_of_it(month: SampleMonth) -> None:
    for submitter, provisions in month.catalogue.provisions_by_submitter.items():
        for provision in provisions:
            area = _own_area(month, submitter, provision.detail)
            assert month.has(submitter, provision.indicator_id, area), (submitter, provision.indicator_id)


@pytest.mark.parametrize(
    ("stock", "net", "before", "now"),
    [("phone_subs_total", "phone_subs_net_add", 1301118, 1306834),
     ("internet_subs_total", "internet_subs_net_add", 91494, 92844)],
)
def test_stocks_roll_forward_for_each_enterprise(
    month: SampleMonth, stock: str, net: str, before: int, now: int
) -> None:
    senders = [e for e in ENTERPRISES if month.has(e, stock) and month.has(e, net)]
    for sender in senders:
        opening = month.right(sender, stock, period=month.previous)
        assert opening + month.right(sender, net) == month.right(sender, stock), sender
    assert sum(month.right(e, stock, period=month.previous) for e in senders) == before
    assert sum(month.right(e, stock) for e in senders) == now


def test_breakdown_of_last_month_adds_up(month: SampleMonth) -> None:
    parts = ("phone_subs_fixed", "phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid")
    total = sum(month.right("vnpt", part, period=month.previous) for part in parts)
    assert total == month.right("vnpt", "phone_subs_total", period=month.previous)


def test_district_counts_agree_with_enterprises_and_post(month: SampleMonth) -> None:
    for area in (row.area_code for row in month.catalogue.districts):
        stations = sum(
            month.right(e, "telecom_bts_total", area) for e in ENTERPRISES if month.has(e, "telecom_bts_total", area)
        )
        assert month.right(f"dist_{area}", "telecom_bts_total", area) == stations, area
        press = month.right("vnpost", "press_communes_same_day", area)
        assert month.right(f"dist_{area}", "press_communes_same_day", area) == press, area


def test_counts_lie_within_their_communes(month: SampleMonth) -> None:
    for area in (row.area_code for row in month.catalogue.districts):
        units = [a for a in month.catalogue.areas if a.parent_code == area]
        rural = [a for a in units if a.area_type == "rural_commune"]
        assert month.right("vnpost", "press_communes_same_day", area) <= len(units), area
        assert month.right("vnpost", "post_bdvhx_total", area) <= len(rural), area


def test_technologies_lie_within_sites(month: SampleMonth) -> None:
    for area in month.districts_of("viettel"):
        sites = month.right("viettel", "telecom_bts_total", area)
        technologies = [month.right("viettel", f"telecom_bts_{g}g", area) for g in (2, 3, 4)]
        assert max(technologies) <= sites <= sum(technologies)


def test_printers_earn_an_ordinary_price_a_page(month: SampleMonth) -> None:
    for printer in ("in_cao_nguyen", "in_pho_nui"):
        per_page = month.right(printer, "printing_revenue") / month.right(printer, "printing_pages")
        assert 25 < per_page < 40


def test_every_section_is_covered_and_every_submitter_writes(month: SampleMonth) -> None:
    assert {s.section for s in month.sentences} == {
        "CNTT", "BCVT", "TTBCXB", "CTMTQG", "THANHTRA", "DVSN", "KHAC", "HUYEN"
    }
    for area in (row.area_code for row in month.catalogue.districts):
        texts = [s for s in month.sentences if s.submitter_id == f"dist_{area}"]
        assert len(texts) >= 3 and {s.part for s in texts} == {"I", "II"}
    filled = [text for row in month.catalogue.submitters for part in ("I", "II")
              for _, texts in month.items(row.submitter_id, part) for text in texts]
    assert len(filled) == len(month.sentences)
    assert not [text for text in filled if "{" in text]


def test_messages_come_from_declared_senders_before_the_deadline(folder: Path, month: SampleMonth) -> None:
    senders, times = set(), []
    for path in sorted(folder.iterdir()):
        message = read_message(path)
        submitter = month.catalogue.submitter_by_address.get(parseaddr(message["From"])[1])
        senders.add(submitter.submitter_id if submitter else "")
        times.append(parsedate_to_datetime(message["Date"]).isoformat())
    assert senders == {row.submitter_id for row in month.catalogue.submitters} | {""}
    assert min(times) > "2019-04-15T00:00:00+07:00" and max(times) < "2019-04-18T17:00:00+07:00"


def test_one_message_is_a_twin_and_one_a_correction(folder: Path) -> None:
    assert (folder / "006.eml").read_bytes() == (folder / "002.eml").read_bytes()
    assert _cell(folder / "010.eml", "So lieu", "D9") == 37
    assert _cell(folder / "034.eml", "So lieu", "D9") == 38


def test_bytes_are_the_same_every_time(folder: Path, tmp_path: Path) -> None:
    paths = write_sample(PERIOD, tmp_path)
    assert [p.name for p in paths] == [m.message for m in load_messages()]
    for path in paths:
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_another_month_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="2019-04"):
        write_sample("2019-05", tmp_path)


def test_five_errors_of_different_kinds_stand_where_the_table_says(folder: Path, tmp_path: Path) -> None:
    write_sample(PERIOD, tmp_path, with_errors=True)
    planted = load_planted_errors()
    assert len({error.kind for error in planted}) == len(planted) == 5
    for error in planted:
        wrong, true = (_cell(f / error.message, error.sheet, error.cell) for f in (tmp_path, folder))
        factor = 1_000_000 if error.indicator_id == "printing_revenue" else 1
        assert (_plain(wrong) * factor, _plain(true) * factor) == (error.sent, error.right), error.error_id
    changed = {m.message for m in load_messages()
               if (tmp_path / m.message).read_bytes() != (folder / m.message).read_bytes()}
    assert changed == {error.message for error in planted}


def test_planted_errors_are_true_figures_turned_wrong(month: SampleMonth) -> None:
    for error in load_planted_errors():
        assert month.right(error.submitter_id, error.indicator_id, error.area_code) == error.right != error.sent


def test_figures_stand_in_one_table_only() -> None:
    keys = [(row["submitter_id"], row["area_code"], row["indicator_id"]) for row in read_table("own_totals")]
    assert len(keys) == len(set(keys))
    assert dotted(1306834) == "1.306.834"


def _plain(value: object) -> Decimal:
    return Decimal(str(value).replace(".", ""))


def _cell(path: Path, sheet: str, cell: str) -> object:
    """Return one cell of the message's attachment: a workbook's, or "table 2 row 3 col 4" of a letter."""
    import docx
    import openpyxl

    attachment = next(iter(read_message(path).iter_attachments()))
    data = io.BytesIO(attachment.get_payload(decode=True))
    if sheet:
        return openpyxl.load_workbook(data)[sheet][cell].value
    _, table, _, row, _, column = cell.split()
    return docx.Document(data).tables[int(table) - 1].cell(int(row) - 1, int(column) - 1).text
