"""Labels by wording: what is written around a label does not change it; what stands above it may."""

from __future__ import annotations

import pytest

from flows.read.labels import ROLES, LabelIndex, candidate_keys, label_key
from flows.read.periods import months_declared, other_month, period_of_label
from flows.read.text import strip_marks
from flows.read.units import UnitIndex, unit_for
from infra.catalogue import load_catalogue

CATALOGUE = load_catalogue().at("2019-04")
TELECOM = LabelIndex(CATALOGUE, "vnpt", "telecom")


@pytest.mark.parametrize(
    ("text", "indicator"),
    [
        ("Thuê bao cố định", "phone_subs_fixed"), ("TB cố định", "phone_subs_fixed"),
        ("1. Số thuê bao cố định:", "phone_subs_fixed"),
        ("Trong đó: - Thuê bao cố định (TB)", "phone_subs_fixed"), ("THUÊ BAO CỐ ĐỊNH", "phone_subs_fixed"),
        ("Thuê bao cố định lũy kế đến 14/4/2019", "phone_subs_fixed"),
        ("Thuê bao FTTH (cáp quang)", "internet_subs_ftth"),
        ("Trạm thu phát sóng (BTS)", "telecom_bts_total"), ("Tổng số thuê bao điện thoại (lũy kế)", "phone_subs_total"),
        ("TB điện thoại tăng (giảm) trong tháng", "phone_subs_net_add"),
        ("Tỉ lệ xã có điểm BĐVHX", "post_bdvhx_commune_pct"), ("Tỷ lệ xã có điểm BĐ-VHX", "post_bdvhx_commune_pct"),
        ("Đài truyền thanh xã được thống nhất đầu tư mới", "commune_radio_new"), ("Cụm pa-nô", ""),
    ],
)  # fmt: skip
def test_wording_around_a_label_does_not_matter(text, indicator):
    assert TELECOM.match(text).indicator_id == indicator


@pytest.mark.parametrize(
    ("path", "indicator"),
    [
        (("Thuê bao điện thoại", "Di động", "Cộng"), "phone_subs_mobile"),
        (("Thuê bao điện thoại", "Tổng"), "phone_subs_total"),
        (("Internet băng rộng cố định", "Cộng"), "internet_subs_total"),
        (("Trạm BTS", "2G"), "telecom_bts_2g"),
        (("Trạm BTS", "Tổng vị trí"), "telecom_bts_total"),
        (("Điểm bưu điện văn hóa xã", "Đang hoạt động"), "post_bdvhx_active"),
        (("Điểm BĐVHX", "Trong đó", "Tạm đóng cửa"), "post_bdvhx_suspended"),
        (("Thuê bao cố định", "Kỳ này"), "phone_subs_fixed"),
        (("Internet", "Tăng trong tháng"), "internet_subs_net_add"),
        (("Doanh thu", "Cố định"), ""),
        (("Lao động", "Tổng số"), ""),
    ],
)
def test_meaning_of_a_path(path, indicator):
    assert TELECOM.match_path(path).indicator_id == indicator


def test_active_alone_says_nothing():
    assert not TELECOM.match("Đang hoạt động").is_known
    assert TELECOM.is_last_part("Đang hoạt động")


def test_role_of_a_path_is_kept():
    meaning = TELECOM.match_path(("Thuê bao cố định", "Kỳ trước"))
    assert (meaning.indicator_id, meaning.roles) == ("phone_subs_fixed", {"#previous"})


def test_running_total_of_a_flow_has_its_role():
    printer = LabelIndex(CATALOGUE, "in_pho_nui", "printer")
    assert printer.match("Doanh thu").roles == frozenset()
    assert printer.match("Doanh thu lũy kế").roles == {"#cumulative"}
    assert TELECOM.match("Thuê bao điện thoại lũy kế").roles == frozenset()


def test_label_of_one_submitter_goes_before_that_of_its_kind():
    assert TELECOM.match("Tổng thuê bao").indicator_id == "phone_subs_total"
    assert LabelIndex(CATALOGUE, "fpt", "telecom").match("Tổng thuê bao").indicator_id == "internet_subs_total"
    assert LabelIndex(CATALOGUE, "dist_622", "district").match("Phát thanh").is_ignored


def test_near_labels_are_named_and_nothing_is_decided():
    assert not TELECOM.match("Thuê bao cố dinh").is_known
    assert "Thuê bao cố định" in TELECOM.nearest("Thuê bao cố dinh")


def test_a_label_typed_without_marks_is_known_where_only_one_meaning_is_spelt_so():
    assert TELECOM.match("Thue bao co dinh").indicator_id == "phone_subs_fixed"
    index = LabelIndex(CATALOGUE, "", "")
    spelt: dict[str, set[str]] = {}
    for key, meaning in index._single.items():
        spelt.setdefault(strip_marks(key), set()).add(meaning)
    for plain, meanings in spelt.items():
        if plain.isascii() and len(meanings) > 1 and plain not in index._single:
            assert not index.match(plain).is_known, f"{plain!r} has the meanings {meanings}"


def test_every_printed_indicator_is_known_by_its_printed_name():
    nobody = LabelIndex(CATALOGUE, "", "")
    for row in CATALOGUE.indicators:
        if not nobody.match(row.label_vi).is_ignored:
            assert nobody.match(row.label_vi).indicator_id == row.indicator_id


def test_roles_of_the_catalogue_are_those_of_the_reader():
    used = {row.indicator_id for row in CATALOGUE.labels if row.indicator_id.startswith("#")}
    assert used == set(ROLES)


def test_no_label_contradicts_another_of_the_same_context():
    seen: dict[tuple[str, str], str] = {}
    for row in CATALOGUE.labels:
        key = (row.context, ">".join(label_key(part) for part in row.label.split(">")))
        assert seen.setdefault(key, row.indicator_id) == row.indicator_id, row.label


def test_shorter_keys_come_after_the_full_one():
    assert candidate_keys("Số thuê bao (lũy kế)")[0] == "số thuê bao (lũy kế)"


@pytest.mark.parametrize(
    ("text", "unit", "factor"),
    [
        ("ĐVT: nghìn thuê bao; trạm", "thuê bao", 1000), ("Doanh thu (triệu đồng)", "đồng", 10**6),
        ("Sản lượng (ĐVT: nghìn trang)", "trang", 1000), ("Đơn vị tính: tr.đ", "đồng", 10**6),
        ("ĐVT: 1.000 đồng", "đồng", 1000), ("Đơn vị tính: TB/trạm", "trạm", 1), ("ĐVT: nghìn", "thuê bao", 1000),
        ("(nghìn trạm)", "trạm", 1000),
    ],
)  # fmt: skip
def test_unit_of_a_header(text, unit, factor):
    found = unit_for(UnitIndex(CATALOGUE).in_header(text), unit)
    assert found is not None
    assert found.multiplier == factor


def test_line_about_the_office_declares_no_unit():
    assert UnitIndex(CATALOGUE).declared("Đơn vị báo cáo: VNPT Gia Lai") is None
    assert UnitIndex(CATALOGUE).declared("Đơn vị tính") is None


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("Tháng 4 năm 2019 (từ 15/3/2019 đến 14/4/2019)", (2019, 4)), ("BIỂU SỐ LIỆU THÁNG 4/2018", (2018, 4)),
        ("Kỳ báo cáo: 15/02/2019 - 14/3/2019", (2019, 3)), ("(Số liệu lũy kế đến 14/3/2019)", (2019, 3)),
        ("BC T4-2019", (2019, 4)), ("THUÊ BAO INTERNET THÁNG 3", (0, 3)),
        ("Báo cáo tháng tư năm 2019", (2019, 4)), ("tháng Mười Hai/2018", (2018, 12)), ("Báo cáo tháng Tư", (0, 4)),
        ("tháng năm năm 2019", (2019, 5)), ("Báo cáo tháng giêng.", (0, 1)),
    ],
)  # fmt: skip
def test_month_of_a_title(text, month):
    declared = months_declared([text])[0]
    assert (declared.year, declared.month) == month


@pytest.mark.parametrize("text", ["Trong tháng một số đơn vị chưa nộp", "Kế hoạch tháng sau", "tháng hai đơn vị"])
def test_words_behind_month_that_number_something_else_declare_none(text):
    assert months_declared([text]) == ()


def test_date_of_signature_declares_no_month():
    assert months_declared(["Pleiku, ngày 15 tháng 5 năm 2019"]) == ()


def test_title_that_names_this_month_among_others_is_of_this_month():
    assert other_month(["Kết quả tháng 4, nhiệm vụ tháng 5/2019"], "2019-04") is None
    assert other_month(["Báo cáo tháng 4/2018"], "2019-04").year == 2018


@pytest.mark.parametrize(
    ("text", "period"),
    [("Tháng 3", "2019-03"), ("T4/2019", "2019-04"), ("T4/2018", ""), ("Tháng 12", ""), ("Kỳ trước", None),
     ("Số liệu tháng 4 năm 2019", "2019-04"), ("T4/19", "2019-04")],
)  # fmt: skip
def test_month_of_a_column(text, period):
    assert period_of_label(text, "2019-04") == period


def test_a_label_without_marks_is_not_taken_where_no_table_bears_it_out():
    assert not TELECOM.match_as_typed("Thue bao co dinh").is_known
    assert TELECOM.match_as_typed("Thuê bao cố định").indicator_id == "phone_subs_fixed"
