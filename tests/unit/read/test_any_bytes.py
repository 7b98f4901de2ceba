"""Whatever stands in a file, reading it gives a reading or a refusal in words: never another exception."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.read.document import ReadContext
from flows.read.preflight import inspect_file, is_readable
from flows.read.reader import read_document
from flows.readings import reading_from_json, reading_to_json
from infra.catalogue import load_catalogue
from infra.errors import SubmissionError
from tests.hostile import builders as b

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
SUBMITTERS = [CATALOGUE.submitter_by_id[name] for name in ("dist_632", "vnpt", "tt_cntt")]
TABLE = "TT;Chỉ tiêu;ĐVT;Số liệu\n1;Trạm BTS;trạm;75\n2;Đại lý Internet;đại lý;-\n"
LETTER = "Kính gửi Sở.\nI. Kết quả\n- Trạm BTS: 75 trạm.\n1. Đại lý Internet: 10 đại lý, tăng 2.\nII. Kế hoạch\n-- \nA"
RTF = (
    r"{\rtf1\ansi{\fonttbl{\f0\fcharset163 Arial;}{\f1 .VnTime;}}\pard Bao cao\par"
    r"\trowd\cellx2000\cellx4000\pard\intbl\f1 Tram BTS\cell 75\cell\row\pard \'d1 \u272?\par}"
)


def _xls() -> bytes:
    book = xlwt.Workbook()
    for number, row in enumerate(TABLE.splitlines()):
        for column, text in enumerate(row.split(";")):
            if number == 0:
                book.add_sheet("BC") if column == 0 else None
            book.get_sheet(0).write(number, column, int(text) if text.isdigit() else text)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


FILES = {
    "a.xlsx": b.xlsx(), "a.docx": b.docx(), "a.ods": b.ods(b.ODS_FORM), "a.xls": _xls(), "a.rtf": RTF.encode(),
    "5.xls": b.ole_tree({"Book": b.biff5([["TT", "Tram BTS"], [1, 75]])}), "2.xls": b.biff5([["TT", "Tram"], [1, 75]]),
    "a.doc": (Path(__file__).parents[2] / "fixtures" / "documents" / "letter.doc").read_bytes(),
    "a.csv": TABLE.encode(), "(body)": LETTER.encode(),
    "a.pdf": b.pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F 5 0 R >> >> >>",
        b.stream(b"BT /F 12 Tf 50 700 Td (Tram BTS: 75 tram) Tj ET"),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ),
}  # fmt: skip
ODD = [
    "\u2028",
    "\0",
    "\u202e",
    "\r",
    "\x1b[31m",
    "\ud800",
    "9" * 5000,
    "²",
    "٣",
    "½",
    ",",
    "(",
    "e\u0323\u0301",
    "\ufeff",
]
EDITS = st.tuples(
    st.integers(0, 10**6), st.integers(0, 40), st.one_of(
        st.binary(max_size=6), st.sampled_from([odd.encode("utf-8", "surrogatepass") for odd in ODD]),
        st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f"]),
    ),
)  # fmt: skip


def mutated(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, new in edits:
        at %= len(data) + 1
        data = data[:at] + new + data[at + length :]
    return data


def mutated_part(data: bytes, part: int, edits: list[tuple[int, int, bytes]]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = sorted(parts)[part % len(parts)]
    return b.zip_of(parts | {name: mutated(parts[name], edits)})


def read(data: bytes, file: str, number: int) -> None:
    """Do what the child does; a reading must survive its way through JSON."""
    problems = inspect_file(data, file)
    assert all(problem.message_vi for problem in problems)
    if any(problem.refuses for problem in problems) or not is_readable(data, file):
        return
    context = ReadContext(CATALOGUE, PERIOD, SUBMITTERS[number % len(SUBMITTERS)], "r", "m", file)
    try:
        reading = read_document(data, context)
    except SubmissionError as refusal:
        assert refusal.message_vi
        return
    kept = reading_from_json(reading_to_json(reading))  # foreign text is cleaned on the way, once
    assert reading_from_json(reading_to_json(kept)) == kept
    assert [o.value for o in kept.observations] == [o.value for o in reading.observations]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.lists(EDITS, min_size=1, max_size=6), st.integers(0, 20))
def test_a_file_with_other_bytes_in_it(file: str, edits: list[tuple[int, int, bytes]], number: int) -> None:
    read(mutated(FILES[file], edits), file, number)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["a.xlsx", "a.docx", "a.ods"]), st.integers(0, 9), st.lists(EDITS, min_size=1, max_size=6))
def test_a_package_with_other_bytes_in_one_part(file: str, part: int, edits: list[tuple[int, int, bytes]]) -> None:
    read(mutated_part(FILES[file], part, edits), file, part)


WORDS = st.sampled_from([
    "trạm bts", "75", "1.234", ":", ";", ",", ".", "\n", "tăng", "%", "tỷ", "(", ")", "12/3", "không", "gồm",
    "đề nghị sửa", "thành", "xã An Phú", "tên miền", "a.gov.vn", "IP", "1.2.3.4", "- ", "I. ", "> ", "--", "\t", "=",
    "/", *ODD,
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=40), st.sampled_from(["(body)", "a.csv", "a.txt"]))
def test_any_text(words: list[str], file: str) -> None:
    for number in range(len(SUBMITTERS)):
        read(" ".join(words).encode("utf-8", "surrogatepass"), file, number)
