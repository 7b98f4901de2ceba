"""Legacy codes come back as Unicode, canonical forms agree, and nothing good is damaged."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.read.syllables import is_syllable, syllable_score
from flows.read.text import (
    decode_bytes,
    decode_tcvn3,
    decode_vni,
    detect_legacy,
    encode_tcvn3,
    encode_vni,
    fold,
    normalise,
    strip_marks,
)

WORDS = """
    tổng cộng số thuê bao điện thoại cố định di động trả trước sau đơn vị tính trạm thu phát sóng huyện
    thị xã thành phố bưu cục đại lý thùng thư công độc lập báo cáo tháng lũy kế mật độ phục vụ bình quân
    người điểm truyền hình tiếng giờ tờ kỳ hành doanh đồng nghìn triệu tỷ ẩn ẵm ổn ỡm lẳng lặng nhễ nhại
"""
SYLLABLES = WORDS.split()
sentences = st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=12).map(" ".join)


def windows_1258(text: str) -> bytes:
    """Encode as the Vietnamese keyboard did: hatted letters whole, tones as a mark after the letter."""
    out = []
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(c for c in parts if c in "\u0300\u0301\u0303\u0309\u0323")
        out.append(unicodedata.normalize("NFC", "".join(c for c in parts if c not in tone)) + tone)
    return "".join(out).encode("cp1258")


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        ("Tæng céng", "Tổng cộng"),
        ("B\u00adu ®iÖn", "Bưu điện"),
        ("tr\u00adíc", "trước"),
        ("§¬n vÞ tÝnh", "Đơn vị tính"),
        ("Toång coäng", "Tổng cộng"),
        ("Böu ñieän", "Bưu điện"),
        ("bƣu chính", "bưu chính"),
        ("CHƢƠNG TRÌNH", "CHƯƠNG TRÌNH"),
        ("ðiểm Ðăk Pơ", "điểm Đăk Pơ"),
        ("1\u00a0306\u202f834", "1 306 834"),
        (unicodedata.normalize("NFD", "Chư Păh"), "Chư Păh"),
        ("ê\u0323", "ệ"),
    ],
)
def test_stored_text_becomes_what_was_meant(stored: str, meant: str) -> None:
    assert normalise(stored) == meant


@pytest.mark.parametrize(
    "good",
    ["Báo cáo", "Tên đơn vị", "Trà Bá", "Mã số", "25°C", "«Tin»", "1½", "µ", "Sè", "Ia Hrú", "Hà Lan", "m²"],
)
def test_good_unicode_is_left_alone(good: str) -> None:
    assert normalise(good) == good


def test_font_decides_short_words_and_capitals() -> None:
    assert normalise("Sè", ".VnTime") == "Số"
    assert normalise("céng hoµ x· héi", ".VnTimeH") == "CỘNG HOÀ XÃ HỘI"
    assert normalise("Soá", "VNI-Times") == "Số"


def test_font_that_lies_about_unicode_is_not_believed() -> None:
    assert normalise("Báo cáo", ".VnTime") == "Báo cáo"
    assert normalise("Tổng cộng", ".VnTime") == "Tổng cộng"


def test_document_decides_what_a_word_cannot() -> None:
    page = ["Sè thuª bao", "Tæng céng", "Sè"]
    assert detect_legacy(page) == "tcvn3"
    assert normalise("Sè", encoding=detect_legacy(page)) == "Số"
    assert detect_legacy(["Báo cáo", "Tổng cộng"]) == ""
    assert detect_legacy(["không có", "Ghi chú", "Trạm Bưu điện huyện Chư Prông", "Tổng cộng"]) == ""
    assert detect_legacy([*page, "Ỹ"]) == "tcvn3"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Nhơn Hoà", "nhơn  hòa"), ("Thuỷ lợi", "thủy lợi"), ("Tỷ lệ", "Tỉ lệ"), ("khoẻ", "khỏe"),
     ("Quý I", "quí i"), ("2016 – 2020", "2016 - 2020"), ("“Tin”", '"tin"'), ("uỷ ban", "ủy ban"),
     ("thuỷ/hoà", "thủy/hòa")],
)  # fmt: skip
def test_spellings_of_one_wording_fold_together(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("Ia Băng", "Ia Bang"), ("Chư Păh", "Chư Pưh"), ("hoa", "hòa")])
def test_different_names_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_marks_are_stripped_only_for_proposals() -> None:
    assert strip_marks("Đăk Pơ") == "dak po"
    assert strip_marks("Ia Băng") == strip_marks("Ia Bang")


@given(sentences)
def test_tcvn3_round_trip(text: str) -> None:
    assert decode_tcvn3(encode_tcvn3(text)) == text


@given(sentences)
def test_vni_round_trip(text: str) -> None:
    assert decode_vni(encode_vni(text)) == text


@given(sentences)
def test_normalise_and_fold_are_stable(text: str) -> None:
    assert normalise(text) == text
    assert normalise(unicodedata.normalize("NFD", text)) == text
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_any_text_is_normalised_once(text: str) -> None:
    once = normalise(text)
    assert unicodedata.normalize("NFC", once) == once
    assert fold(text) == fold(fold(text)) or detect_legacy([text])


@given(st.permutations(SYLLABLES).map(lambda words: " ".join(words[:40])))
def test_bytes_of_every_encoding_give_the_text_back(text: str) -> None:
    for data, encoding in (
        (text.encode(), "utf-8"),
        (text.encode("utf-8-sig"), "utf-8-sig"),
        (text.encode("utf-16"), "utf-16"),
        (windows_1258(text), "windows-1258"),
        (encode_tcvn3(text).encode("latin-1"), "tcvn3"),
        (encode_vni(text).encode("cp1252"), "vni"),
    ):
        decoded, found = decode_bytes(data)
        assert decoded == text
        assert found == encoding or text.isascii()


@given(st.binary())
def test_any_bytes_are_decoded_without_failing(data: bytes) -> None:
    assert isinstance(decode_bytes(data)[0], str)


def test_syllable_shape() -> None:
    assert all(is_syllable(word) for word in SYLLABLES)
    assert not any(is_syllable(word) for word in ("Tæng", "®iÖn", "Toång", "hồhá"))
    assert syllable_score("Tổng cộng") > syllable_score("Tæng céng")
