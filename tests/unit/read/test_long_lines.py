"""What reading costs grows with the length of a text and not with its square, whatever the text is made of."""

from __future__ import annotations

import pytest

from flows.read.document import ReadContext
from flows.read.phrases import MAX_SENTENCE, prepare, sentences
from flows.read.prose import MAX_LETTERS
from flows.read.reader import read_document
from flows.records import Reading
from infra.catalogue import load_catalogue
from tests.patience import grows_at_most_linearly

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
LETTERS = 40_000
PIECES = {
    "prose": "Huyện có 42 đại lý Internet và 120 trạm BTS, 19/20 xã thị trấn có báo đến trong ngày; ",
    "abbreviations": "TP. ", "one name": "trạm bts ",
    "names with colons": "trạm bts: ", "requests": "đề nghị sửa trạm BTS ",
    "addresses": "03 IP 104.28.27.86 và ", "numbers": "123 ", "digits": "7", "commas": ",", "brackets": "(",
    "stars": "*", "dots": ".", "letters": "a", "domains": "3 tên miền a.gov.vn, ", "none": "không có ",
    "items": "- Trạm BTS: 120 trạm.\n", "sub-items": "* Họp:\n- a\n", "blanks": " ", "dates": "12/03/2019 ",
}  # fmt: skip


def read(text: str, submitter: str = "dist_632", file: str = "(body)") -> Reading:
    context = ReadContext(CATALOGUE, PERIOD, CATALOGUE.submitter_by_id[submitter], "r", "m", file)
    return read_document(text.encode(), context)


@pytest.mark.parametrize("file", ["(body)", "a.csv"])
@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_four_times_the_text_costs_about_four_times(piece: str, file: str) -> None:
    for submitter in ("dist_632", "tt_cntt"):
        assert grows_at_most_linearly(
            lambda n, submitter=submitter: read("Báo cáo\n" + (piece * n)[:n], submitter, file), LETTERS // 4, floor=0.3
        )


def test_a_figure_behind_three_thousand_letters_of_one_sentence_is_read() -> None:
    reading = read("và sau đó thì lại " * 400 + ", có 75 trạm BTS.")
    assert [(o.indicator_id, o.value) for o in reading.observations] == [("telecom_bts_total", 75)]


def test_the_pieces_of_a_sentence_are_the_sentence() -> None:
    text = "a" * (MAX_SENTENCE * 2) + ", " + "b " * MAX_SENTENCE + "; " + "c" * 10
    found = sentences(text)
    assert "".join(s.raw for s in found) == text
    assert all(s.is_piece and len(s.raw) <= MAX_SENTENCE for s in found)
    assert not prepare("ngắn").is_piece


def test_an_enumeration_that_may_be_cut_is_not_counted_and_that_is_said() -> None:
    names = ", ".join(f"ten{number}.gov.vn" for number in range(400))
    reading = read(f"Quản lý 400 tên miền gồm {names}.", "p_cntt")
    assert {o.indicator_id: o.value for o in reading.observations} == {"gov_domains_managed": 400}
    assert [f.kind for f in reading.findings if "liệt kê" in f.message_vi] == ["unread_figure"]


def test_what_lies_beyond_the_limit_is_said_with_its_first_line() -> None:
    text = "Họp giao ban.\n" * (MAX_LETTERS // 14 + 5) + "Có 75 trạm BTS."
    reading = read(text)
    assert [f.kind for f in reading.findings] == ["parts_beyond_limit"]
    assert not reading.observations
