"""Areas by name: spelling never matters, likeness never decides, shared names are settled or asked."""

from __future__ import annotations

import itertools

import pytest

from flows.read.areas import AreaIndex, compact
from infra.catalogue import load_catalogue

CATALOGUE = load_catalogue().at("2019-04")
AREAS = AreaIndex(CATALOGUE)
DISTRICTS = [area for area in CATALOGUE.areas if area.area_level == "district"]
COMMUNES = [area for area in CATALOGUE.areas if area.area_level == "commune"]
WORDS = {
    "city": ["Thành phố ", "TP. ", "TP ", "tp."], "town": ["Thị xã ", "TX. ", "TX "],
    "rural_district": ["Huyện ", "H. ", "H ", "HUYỆN "], "rural_commune": ["Xã ", "xã ", "X. "],
    "ward": ["Phường ", "P. "], "township": ["Thị trấn ", "TT. ", "TT "],
}  # fmt: skip


@pytest.mark.parametrize("area", DISTRICTS, ids=lambda area: area.short_name)
def test_district_in_every_dress(area):
    for word in ("", *WORDS[area.area_type]):
        for name in (
            area.short_name,
            area.short_name.upper(),
            area.short_name.lower(),
            area.short_name.replace(" ", ""),
        ):
            assert AREAS.match(word + name, "district").code == area.area_code, word + name


def test_every_commune_within_its_district():
    for area in COMMUNES:
        assert AREAS.match(area.area_name, "commune", area.parent_code).code == area.area_code
        assert AREAS.match(f"{area.area_name} ({area.parent_code and parent(area)})").code == area.area_code
        for word in WORDS[area.area_type]:
            assert AREAS.match(word + area.short_name, "commune", area.parent_code).code == area.area_code


def parent(area):
    return CATALOGUE.area_by_code[area.parent_code].area_name


def test_no_two_communes_of_a_district_share_a_key():
    for _, group in itertools.groupby(sorted(COMMUNES, key=lambda a: a.parent_code), key=lambda a: a.parent_code):
        keys = [compact(area.short_name) for area in group]
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Plei Ku", "622"), ("TX. A Yun Pa", "624"), ("K'Bang", "625"), ("K’Bang", "625"), ("Đak Đoa", "626"),
        ("Đắk Đoa", "626"), ("Chư Pah", "627"), ("IaGrai", "628"), ("Ia-Grai", "628"), ("KôngChro", "630"),
        ("Chưprông", "632"), ("ĐakPơ", "634"), ("ChưPưh", "639"), ("1. Pleiku", "622"), ("Pleiku*", "622"),
        ("An Khê (1)", "623"), ("Toà nhà", ""), ("Tỉnh Gia Lai", "64"),
    ],
)  # fmt: skip
def test_spelling_of_the_field(name, code):
    assert AREAS.match(name, "" if code == "64" else "district").code == code


@pytest.mark.parametrize(
    ("name", "near"), [("Chu Se", "633"), ("Chư Pư", "639"), ("Plêiku", "622"), ("Mang Yan", "629"), ("Đức Co", "631")]
)
def test_near_name_is_proposed_only(name, near):
    match = AREAS.match(name, "district")
    assert match.code == ""
    assert near in {area.area_code for area in match.proposals}


def test_one_letter_apart_is_another_area():
    assert AREAS.match("Chư Păh", "district").code == "627"
    assert AREAS.match("Chư Pưh", "district").code == "639"
    assert AREAS.match("Ia Băng", "commune", "632").code == "23905"
    assert AREAS.match("Ia Bang", "commune", "632").code == "23924"


def test_name_of_two_districts_is_asked_without_context():
    match = AREAS.match("An Phú", "commune")
    assert match.code == ""
    assert {area.parent_code for area in match.rivals} == {"622", "623"}
    assert AREAS.match("An Phú", "commune", "623").code == "23620"


def test_name_of_two_levels_is_settled_by_word_or_level():
    assert {area.area_level for area in AREAS.match("Chư Sê").rivals} == {"district", "commune"}
    assert AREAS.match("Chư Sê", "district").code == "633"
    assert AREAS.match("TT. Chư Sê").code == "23941"
    assert AREAS.match("H. Chư Sê").code == "633"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Ia Pa + Ayun Pa", "635+624"), ("Ia Pa và Ayun Pa", "635+624"), ("TX An Khê, H. Đak Pơ", "623+634"),
        ("Chư Sê - Chư Pưh", "633+639"), ("Pleiku + Atlantis", ""), ("Pleiku + Pleiku", ""),
    ],
)  # fmt: skip
def test_several_areas_in_one_name(name, code):
    assert AREAS.match(name, "district").code == code


def test_area_that_did_not_exist_is_not_found():
    later = AreaIndex(load_catalogue().at("2020-03"))
    assert later.match("Xã Chư HDrông", "commune").code == ""
    assert AreaIndex(load_catalogue().at("2025-07")).match("Phường Yên Đỗ", "commune").code == ""


def test_since_two_tiers_several_areas_in_one_name_are_communes():
    areas = AreaIndex(load_catalogue().at("2026-11"))
    assert areas.match("Xã Gào").code == "23611"
    assert areas.match("Gào, Biển Hồ").code == "23611+23590"
    assert areas.match("Qui Nhơn").code == areas.match("P. Quy Nhơn").code != ""
