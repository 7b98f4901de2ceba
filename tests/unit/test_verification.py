"""`verify` finds what is gone, what is other than it was, and what nobody knows, in every direction."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from flows.verification import verify_stores
from infra.archive import open_archive
from infra.files import replace_file
from tests.unit.deliver.conftest import Office, make_edition
from tests.unit.infra.test_ledger import DOCUMENTS, RECEIPT
from tests.whole_month import run_tonghop

MESSAGE, TABLE, BODY = b"the message", b"a table", b"the text"


@pytest.fixture(params=["a folder", "s3"])
def office(request, tmp_path):
    changes = {}
    if request.param == "s3":
        endpoint, bucket = request.getfixturevalue("s3_bucket")
        changes = {"archive_url": f"s3://{bucket}/x", "s3_endpoint_url": endpoint}
    office = Office(tmp_path / "home", **changes)
    digests = [office.archive.put(data) for data in (MESSAGE, TABLE, BODY)]
    documents = [dataclasses.replace(d, sha256=digest) for d, digest in zip(DOCUMENTS, digests[1:], strict=True)]
    office.ledger.add_receipt(dataclasses.replace(RECEIPT, sha256=digests[0]), documents)
    edition = make_edition(office.archive)
    office.ledger.add_edition(edition)
    office.deliver(edition)
    for output in edition.outputs:
        replace_file(copies_of(office) / output.name, office.archive.get(output.sha256))
    yield office
    office.ledger.close()


def copies_of(office: Office) -> Path:
    return office.settings.outputs_folder / "2019-04" / "edition-1"


def _faults(office) -> str:
    return "\n".join(verify_stores(office.settings).faults)


def test_what_is_sound_is_called_sound(office):
    found = verify_stores(office.settings, [office.ledger.audit_head()])
    assert (found.faults, found.notices) == ([], [])
    assert found.archived == len(list(office.archive.list("sha256/"))) > 10 and found.entries > 10


def test_every_thing_that_the_ledger_names_is_looked_for(tmp_path, office):
    empty = dataclasses.replace(office.settings, archive_url=str(tmp_path / "empty"), s3_endpoint_url="")
    gone = verify_stores(empty)
    assert gone.archived == 0 and len(gone.faults) > 10
    for word in ("024.eml", "Số liệu.xlsx", "2019-04-1 Báo cáo tháng 4-2019.pdf", "2019-04-1.mic", "manifest"):
        assert word in "\n".join(gone.faults)


def test_a_head_that_a_letter_printed_must_be_known(office):
    assert "mục 2 (abab" in "\n".join(verify_stores(office.settings, [(2, "ab" * 32)]).faults)


def test_what_nobody_knows_is_told_and_is_no_fault(office):
    sha256 = office.archive.put(b"nobody wrote this down")
    office.archive.put_named("editions/2019-05/1/manifest.json", b"{}")
    after = verify_stores(office.settings)
    assert after.faults == []
    told = "\n".join(after.notices)
    assert sha256 in told and "editions/2019-05/1/manifest.json" in told


def test_a_changed_copy_for_people_is_a_fault(office):
    package = office.settings.handover_folder / "2019-04" / "edition-1" / "ubnd_tinh" / "trich.csv"
    package.chmod(0o600)
    package.write_bytes(b"forged")
    copy = copies_of(office) / "trich.csv"
    copy.write_bytes(b"forged")
    after = _faults(office)
    assert str(package) in after and str(copy) in after


def in_package(name: str):
    return lambda office: office.settings.handover_folder / "2019-04" / "edition-1" / "ubnd_tinh" / name


def in_copies(name: str):
    return lambda office: copies_of(office) / name


@pytest.mark.parametrize("office", ["a folder"], indirect=True)
@pytest.mark.parametrize(("place", "word"), [
    (in_package("SHA256SUMS"), "no longer as published"), (in_package("Thư gửi.txt"), "no longer as published"),
    (in_package("mới.txt"), "was not published"), (in_copies("../edition-2/manifest.json"), "no such edition"),
    (in_package("../bo_khac/trich.csv"), "no such package"),
    (in_copies("thêm.pdf"), "was not published"), (in_copies("manifest.json"), "no longer as published"),
])  # fmt: skip
def test_what_people_take_from_a_folder_is_what_was_published_and_nothing_else(office, place, word) -> None:
    path = place(office)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(b"forged")
    assert word in _faults(office)


@pytest.mark.parametrize("office", ["a folder"], indirect=True)
def test_a_copy_gone_from_among_others_is_made_anew_by_the_next_run_and_told(office) -> None:
    in_copies("manifest.json")(office).unlink()
    found = verify_stores(office.settings)
    assert found.faults == [] and "manifest.json" in "\n".join(found.notices)


@pytest.mark.parametrize("office", ["a folder"], indirect=True)
@pytest.mark.parametrize("place", [in_package("SHA256SUMS"), in_package("trich.csv")])
def test_a_file_gone_from_among_others_is_a_fault_and_a_folder_cleared_away_is_told(office, place) -> None:
    place(office).unlink()
    assert f"{place(office)}: không còn (is gone)" in _faults(office)
    shutil.rmtree(place(office).parent)
    found = verify_stores(office.settings)
    assert found.faults == [] and f"{place(office).parent}: " in "\n".join(found.notices)


@pytest.mark.parametrize("office", ["a folder"], indirect=True)
def test_a_part_of_a_package_that_was_made_whole_elsewhere_is_told(office, tmp_path) -> None:
    office.ledger.close()
    office.settings.home.rename(tmp_path / "another machine")
    other = Office(tmp_path / "another machine")
    in_package("trich.csv")(other).unlink()
    found = verify_stores(other.settings)
    assert found.faults == [] and "trich.csv" in "\n".join(found.notices)


@pytest.mark.parametrize("office", ["a folder"], indirect=True)
def test_what_programs_leave_behind_when_files_are_opened_is_no_fault(office) -> None:
    for name in ("~$Báo cáo.docx", ".DS_Store", "Thumbs.db"):
        (copies_of(office) / name).write_bytes(b"x")
    assert _faults(office) == ""


@pytest.mark.parametrize("office", ["a folder"], indirect=True)
def test_a_home_that_was_moved_is_looked_at_where_it_is(office, tmp_path) -> None:
    office.ledger.close()
    office.settings.home.rename(tmp_path / "elsewhere")
    moved = Office(tmp_path / "elsewhere")
    assert _faults(moved) == ""
    letter = in_package("trich.csv")(moved)
    letter.chmod(0o600)
    letter.write_bytes(b"forged")
    assert str(letter) in _faults(moved)


@pytest.mark.parametrize("office", ["a folder"], indirect=True)
def test_what_lies_where_the_archive_does_not_look_for_it_is_gone(office) -> None:
    digest = office.archive.put(MESSAGE)
    folder = office.settings.home / "archive" / "sha256" / digest[:2]
    folder.rename(folder.with_name("zz"))
    found = verify_stores(office.settings)
    assert digest in "\n".join(found.faults) and f"zz/{digest}" in "\n".join(found.notices)


@pytest.mark.parametrize("office", ["a folder"], indirect=True)
def test_a_changed_byte_is_found(office):
    digest = open_archive(office.settings).put(MESSAGE)
    path = office.settings.home / "archive" / "sha256" / digest[:2] / digest
    path.chmod(0o600)
    path.write_bytes(b"another message")
    assert digest in _faults(office)


def test_an_empty_ledger_is_not_called_sound(office, tmp_path):
    nothing = Office(tmp_path / "mistyped")
    assert "the ledger is empty" in _faults(nothing)
    lost = dataclasses.replace(office.settings, ledger_url=f"sqlite:///{tmp_path}/new.sqlite")
    assert "went out, and the ledger does not know" in "\n".join(verify_stores(lost).faults)


def test_a_sending_whose_witness_is_gone_is_a_fault(tmp_path):
    office = Office(tmp_path / "home")
    edition = make_edition(office.archive)
    office.ledger.add_edition(edition)
    office.deliver(edition)
    assert "witness" not in _faults(office)
    shutil.rmtree(office.settings.home / "archive" / "sendings")
    assert "2019-04-1.mic: " in _faults(office) and "its witness is gone" in _faults(office)


# ------------------------------------------------------------ a whole month


@pytest.fixture
def home(published_home: Path, tmp_path: Path) -> Path:
    shutil.copytree(published_home, tmp_path / "home")
    return tmp_path / "home"


@pytest.mark.slow
def test_a_published_month_is_sound_and_without_its_archive_it_is_not(home: Path) -> None:
    done = run_tonghop("verify", home=home)
    assert done.returncode == 0 and "·" not in done.stdout.replace(" · ", ""), done.stdout + done.stderr
    shutil.rmtree(home / "archive")
    done = run_tonghop("verify", home=home)
    assert done.returncode == 5 and "gone from the archive" in done.stderr, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("which", [
    "readings/2019-04.json", "warehouse/*.duckdb", "checks/*/findings.json", "readings/documents/*/*.json",
    "warehouse/current-2019-04",
])  # fmt: skip
def test_a_derived_file_that_is_torn_is_told(home: Path, which: str) -> None:
    for path in home.glob(which):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-10])
    done = run_tonghop("verify", home=home)
    assert done.returncode == 0 and "anew" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("which", ["replies/2019-04/001*.eml", "steward/2019-04.html"])
def test_a_page_or_an_answer_that_was_edited_is_a_fault_until_it_is_written_again(home: Path, which: str) -> None:
    (path,) = home.glob(which)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"forged")
    done = run_tonghop("verify", home=home)
    assert done.returncode == 5 and f"{path.name}: " in done.stderr and "was edited" in done.stderr, done.stderr


@pytest.mark.parametrize("office", ["a folder"], indirect=True)
def test_a_guard_that_was_taken_from_the_ledger_is_told_once_and_put_back(office) -> None:
    with office.ledger.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER editions_delete")
    (fault,) = verify_stores(office.settings).faults
    assert "editions" in fault and "put back now" in fault
    assert verify_stores(office.settings).faults == []


@pytest.mark.parametrize("office", ["a folder"], indirect=True)
@pytest.mark.parametrize("head", ["", "  ", "12", "12:ab"])
def test_a_head_that_is_none_is_refused_in_words(office, head) -> None:
    done = run_tonghop("verify", "--head", head, home=office.settings.home)
    assert done.returncode == 2 and "123:" in done.stderr + done.stdout
