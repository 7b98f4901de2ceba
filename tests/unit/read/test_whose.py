"""A document whose head names another unit alone is not the sender's; shared names and mentions are no head."""

from __future__ import annotations

import pytest

from flows.read.document import ReadContext
from flows.read.reader import read_document
from flows.read.whose import other_unit
from infra.catalogue import load_catalogue

CATALOGUE = load_catalogue().at("2019-04")


def context(submitter: str, file: str = "bc.docx") -> ReadContext:
    return ReadContext(CATALOGUE, "2019-04", CATALOGUE.submitter_by_id[submitter], "r", "m", file)


@pytest.mark.parametrize(("submitter", "titles", "named"), [
    ("dist_632", ["UBND HUYỆN KBANG", "PHÒNG VĂN HÓA VÀ THÔNG TIN"], "Huyện KBang"),
    ("dist_632", ["Phòng VHTT thị xã An Khê báo cáo"], "Thị xã An Khê"),
    ("dist_632", ["BÁO CÁO CỦA HUYỆN CHƯ SÊ THÁNG 4"], "Huyện Chư Sê"),
    ("vnpt", ["VIETTEL GIA LAI", "BÁO CÁO THÁNG 4"], "Viettel Gia Lai"),
    ("mobifone", ["Doanh nghiệp: VNPT"], "VNPT Gia Lai"),
])  # fmt: skip
def test_a_head_of_another_unit_is_seen(submitter: str, titles: list[str], named: str) -> None:
    assert other_unit(titles, context(submitter)) == named


@pytest.mark.parametrize(("submitter", "titles"), [
    ("dist_632", ["UBND HUYỆN CHƯ PRÔNG", "PHÒNG VĂN HÓA VÀ THÔNG TIN"]), ("dist_632", ["BÁO CÁO THÁNG 4"]),
    ("dist_632", []),
    ("dist_632", ["UBND HUYỆN CHƯ PRÔNG", "Báo cáo phối hợp với huyện Chư Sê"]),
    ("dist_632", ["Tuyến đường đi An Khê bị sạt lở"]), ("dist_632", ["Thị trấn Chư Prông", "BÁO CÁO THÁNG 4"]),
    ("viettel_post", ["BƯU CHÍNH VIETTEL GIA LAI"]), ("bao_gia_lai", ["BÁO CÁO SỐ LIỆU THÁNG 4"]),
    ("vnpt", ["BÁO CÁO THÁNG 4"]),
    ("vnpt", ["TẬP ĐOÀN BƯU CHÍNH VIỄN THÔNG VIỆT NAM", "VNPT GIA LAI", "Số liệu dùng chung cột với Viettel"]),
    ("p_bcvt", ["BÁO CÁO VỀ VNPT VÀ VIETTEL"]),
])  # fmt: skip
def test_ones_own_head_a_mention_or_none_is_no_other_unit(submitter: str, titles: list[str]) -> None:
    assert other_unit(titles, context(submitter)) == ""


def test_such_a_document_says_so() -> None:
    text = "UBND HUYỆN KBANG\nBÁO CÁO THÁNG 4\nTrạm BTS: 88 trạm"
    reading = read_document(text.encode(), context("dist_632", "(body)"))
    assert [f.kind for f in reading.findings if f.severity == "warning"] == ["other_unit_file"]
