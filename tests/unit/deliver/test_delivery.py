"""A whole delivery to the local mailbox and the hand-over folder."""

from __future__ import annotations

import dataclasses
import email
import errno
import hashlib
import shutil
import subprocess
import sys
import threading
from email import policy
from pathlib import Path

import pytest

from flows.deliver import settle_delivery
from infra.errors import OperationError, SubmissionError
from tests.people import STEWARD, STEWARD_ID

MAILED = ["mic", "mic_da_nang", "cuc_thong_ke", "so_khdt"]


def _mailbox(office) -> dict[str, email.message.EmailMessage]:
    files = sorted(office.settings.mailbox_folder.glob("*.eml"))
    return {path.name: email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in files}


def _message(office, recipient_id):
    (message,) = [m for m in _mailbox(office).values() if f".{recipient_id}." in m["Message-ID"]]
    return message


def test_each_line_gets_what_its_channel_gives(office):
    deliveries = office.deliver(office.publish())
    assert {key: d.state for key, d in deliveries.items()} == {
        "mic": "accepted", "ubnd_tinh": "packaged", "ban_tuyen_giao": "packaged", "mic_da_nang": "accepted",
        "cuc_thong_ke": "accepted", "so_khdt": "accepted", "luu": "filed",
    }
    assert len(_mailbox(office)) == 4
    assert all(d.attempts == 1 and d.response.startswith("250 ") for d in map(deliveries.get, MAILED))
    office.ledger.verify_audit()


def test_one_message_a_line_goes_to_all_its_addresses(office):
    office.deliver(office.publish())
    message = _message(office, "so_khdt")
    addresses = tuple(address.addr_spec for address in message["To"].addresses)
    assert addresses == office.addresses("so_khdt")
    assert len(addresses) == 2
    assert {a.display_name for a in message["To"].addresses} == {"Sở Kế hoạch và Đầu tư"}


def test_the_message_says_what_it_brings_in_vietnamese(office):
    office.deliver(office.publish())
    message = _message(office, "mic")
    assert message["Subject"] == "Báo cáo công tác thông tin và truyền thông tháng 4 năm 2019"
    body = message.get_body().get_content()
    assert "Kính gửi: Bộ TT&TT" in body
    assert "báo cáo kết quả công tác" in body
    assert "gửi để biết kết quả" in _message(office, "cuc_thong_ke").get_body().get_content()
    attachments = {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}
    assert list(attachments) == ["Báo cáo tháng 4-2019.pdf", "Báo cáo tháng 4-2019.docx", "trich.csv"]
    assert attachments["Báo cáo tháng 4-2019.pdf"] == b"%PDF-1.7\n.\n..\n" * 300  # dots survive the dialogue
    for name, data in attachments.items():
        assert f"{hashlib.sha256(data).hexdigest()}  {name}" in body


def test_working_papers_leave_the_house_for_nobody(office):
    """Neither by mail nor in a package, whatever they are called; the office's own copy has them."""
    papers = {f"bao-cao{kind}": b"x" for kind in (".xlsx", ".XLSX", ".tsv", ".json", ".html", ".parquet", ".zip", "")}
    office.deliver(office.publish(**papers))
    left = {part.get_filename() for message in _mailbox(office).values() for part in message.iter_attachments()}
    folders = office.settings.handover_folder / "2019-04" / "edition-1"
    left |= {path.name for path in folders.rglob("*") if path.is_file() and path.parent.name != "luu"}
    assert left == {
        "Báo cáo tháng 4-2019.docx", "Báo cáo tháng 4-2019.pdf", "trich.csv", "Thư gửi.txt", "SHA256SUMS",
    }
    assert set(papers) < {path.name for path in (folders / "luu").iterdir()}


def test_the_archive_holds_the_exact_bytes_sent(office):
    deliveries = office.deliver(office.publish())
    written = {hashlib.sha256(p.read_bytes()).hexdigest() for p in office.settings.mailbox_folder.glob("*.eml")}
    assert written == {deliveries[key].message_sha256 for key in MAILED}
    for key in MAILED:
        assert office.archive.get(deliveries[key].message_sha256).endswith(b"\r\n")


def test_a_line_without_address_gets_a_package_to_hand_over(office):
    deliveries = office.deliver(office.publish())
    folder = office.settings.handover_folder / "2019-04" / "edition-1" / "ubnd_tinh"
    assert deliveries["ubnd_tinh"].place == str(folder)
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "Báo cáo tháng 4-2019.docx", "Báo cáo tháng 4-2019.pdf", "trich.csv", "Thư gửi.txt", "SHA256SUMS",
    }
    own_copy = {path.name for path in (folder.parent / "luu").iterdir()}
    assert own_copy == names | {"trich.parquet", "Số liệu.xlsx", "manifest.json"}
    assert "Kính gửi: UBND tỉnh" in (folder / "Thư gửi.txt").read_text(encoding="utf-8")
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)


def test_a_package_is_as_the_ledger_has_it_whatever_stood_there(office):
    folder = office.settings.handover_folder / "2019-04" / "edition-1" / "ubnd_tinh"
    folder.mkdir(parents=True)
    (folder / "Thư gửi.txt").write_bytes(b"of an edition that the ledger forgot")
    delivery = office.deliver(office.publish())["ubnd_tinh"]
    assert hashlib.sha256((folder / "Thư gửi.txt").read_bytes()).hexdigest() == delivery.message_sha256


@pytest.mark.parametrize("lost", ["the folder", "a file"])
def test_a_package_that_was_cleared_away_is_written_again_from_the_archive(office, lost):
    edition = office.publish()
    line = next(line for line in office.deliver(edition).values() if line.state == "packaged")
    folder = Path(line.place)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    if lost == "a file":
        (folder / "SHA256SUMS").unlink()
    else:
        shutil.rmtree(folder)
    assert office.deliver(edition)[line.recipient_id] == line
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_delivering_again_sends_nothing(office):
    edition = office.publish()
    first = office.deliver(edition)
    assert office.deliver(edition) == first
    assert len(_mailbox(office)) == 4


def test_a_line_that_was_added_after_the_others_were_sent_gets_an_edition_that_replaces_nothing(office):
    edition, everybody = office.publish(), office.catalogue
    fewer = tuple(row for row in everybody.recipients if row.recipient_id != "mic")
    office.catalogue = dataclasses.replace(everybody, recipients=fewer)
    office.deliver(edition)
    office.catalogue = everybody
    assert office.deliver(edition)["mic"].subject == "Báo cáo công tác thông tin và truyền thông tháng 4 năm 2019"
    assert "thay" not in _message(office, "mic").get_body().get_content()


def test_the_next_edition_goes_out_and_tells_what_changed(office):
    office.deliver(office.publish())
    changes = (
        "\ufeffTIME_PERIOD,REF_AREA,REPORTING_UNIT,INDICATOR,FORMER_VALUE,VALUE\n"
        "2019-04,64,_T,phone_subs_total,1306834,1306844.5\n2019-04,64,_T,sec_spam_attacks,,576 gt\n"
        "2019-04,64,_T,phone_subs_net_add,5,'-6\n2019-04,622,_T,phone_subs_total,1,2\n2019-04,64,viettel_gl,phone_subs_total,3,4\n"
    )
    office.deliver(office.publish(2, **{"Báo cáo tháng 4-2019.pdf": b"new", "đổi.csv": changes.encode()}))
    assert len(_mailbox(office)) == 8
    second = next(m for name, m in _mailbox(office).items() if name.startswith("2019-04-2.mic."))
    assert "(phát hành lần 2, thay thế lần 1)" in second["Subject"]
    told = second.get_body().get_content().split("Thay đổi so với lần phát hành 1:")[1].split("Mã SHA-256")[0]
    total, spam = (office.catalogue.indicator_by_id[key].label_vi for key in ("phone_subs_total", "sec_spam_attacks"))
    assert f"  - {total}: trước 1.306.834, nay 1.306.844,5 thuê bao\r\n" in told
    assert f"  - {spam}: trước chưa có, nay trên 576" in told
    assert "trước 5, nay -6 " in told
    assert "và 2 số liệu khác" in told
    assert "tệp sửa: Báo cáo tháng 4-2019.pdf" in told
    assert "tệp thêm: đổi.csv" in told
    assert "trich.csv" not in told
    assert second["In-Reply-To"] in {m["Message-ID"] for m in _mailbox(office).values()}


def test_a_mailbox_that_cannot_be_written_leaves_its_lines_due(office, monkeypatch):
    edition = office.publish()
    with monkeypatch.context() as patch:
        patch.setattr("flows.deliver.sink.create_file", _no_room)
        states = {key: delivery.state for key, delivery in office.deliver(edition).items()}
    assert {states[key] for key in MAILED} == {"pending"}
    assert {office.deliver(edition)[key].state for key in MAILED} == {"accepted"}
    assert len(_mailbox(office)) == 4


def _no_room(*_of: object) -> bool:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_is_too_large_for_a_message_is_handed_over(office):
    big = b"x" * 11_000_000
    office.deliver(office.publish(**{"lớn.pdf": big}))
    message = _message(office, "mic")
    assert "lớn.pdf" not in [part.get_filename() for part in message.iter_attachments()]
    assert "Tệp giao riêng vì vượt dung lượng một thư:\r\n  - lớn.pdf (11,0 MB)" in message.get_body().get_content()
    folder = office.settings.handover_folder / "2019-04" / "edition-1" / "mic"
    assert (folder / "lớn.pdf").read_bytes() == big


def test_the_same_outbox_line_gives_the_same_bytes(office):
    from flows.deliver.message import compose_message, pack, write_letter

    edition = office.publish()
    delivery = office.deliver(edition)["mic"]
    parcel = pack(edition, None)
    recipient = next(r for r in office.catalogue.recipients if r.recipient_id == "mic")
    once, again = (
        compose_message(office.settings, office.archive, parcel, delivery,
                        write_letter(parcel, recipient, "Gia Lai", (1, "x")), "Gia Lai")
        for _ in range(2)
    )
    assert once == again


def test_two_processes_do_not_deliver_at_once(office):
    edition = office.publish()
    with office.ledger.only_one("deliver"), pytest.raises(OperationError, match="Một tiến trình khác"):
        office.deliver(edition)
    assert not office.settings.mailbox_folder.exists()


def test_two_racing_deliveries_send_once(office, make_office):
    edition = office.publish()
    others = [make_office() for _ in range(3)]
    refused = []

    def deliver(one):
        try:
            one.deliver(edition)
        except OperationError:
            refused.append(one)

    threads = [threading.Thread(target=deliver, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) < 3
    assert len(_mailbox(office)) == 4
    office.ledger.verify_audit()


def test_the_chain_is_anchored_in_the_archive(office):
    from infra.anchors import read_heads

    office.deliver(office.publish())
    heads = read_heads(office.settings, office.archive)
    assert heads[-1] == office.ledger.audit_head()
    office.ledger.verify_audit(heads)


# ------------------------------------------------------------ killed at every point

KILL_POINTS = [
    "deliver.before_outbox_row", "deliver.before_outbox_row:4", "deliver.after_outbox_row:2", "deliver.after_package:2",
    "deliver.after_claim", "deliver.after_claim:3", "deliver.before_end_of_data", "deliver.after_end_of_data:2",
    "sink.before_file", "sink.after_file", "deliver.after_answer", "deliver.after_answer:4", "deliver.after_noted:2",
]
DELIVER = (
    "import sys; sys.path.insert(0, sys.argv[2])\n"
    "from conftest import Office\n"
    "office = Office(sys.argv[1]); office.deliver(office.publish())"
)


@pytest.mark.parametrize("place", KILL_POINTS)
def test_killed_anywhere_and_started_again_every_line_is_served_once(tmp_path, office, place, monkeypatch):
    command = [sys.executable, "-c", DELIVER, str(tmp_path / "home"), str(Path(__file__).parent)]
    monkeypatch.setenv("KILL_AT", place)
    assert subprocess.run(command, check=False).returncode == -9
    monkeypatch.delenv("KILL_AT")
    deliveries = office.deliver(office.publish())
    assert [deliveries[key].state for key in MAILED] == ["accepted"] * 4
    assert len(_mailbox(office)) == len({m["Message-ID"] for m in _mailbox(office).values()}) == 4
    office.ledger.verify_audit()


# ------------------------------------------------------------ settled by a person


def test_settling_needs_a_person_and_a_reason(office):
    office.deliver(office.publish())
    for person in (" ", "…", "...", "NGƯỜI", "<person>", "?"):
        with pytest.raises(SubmissionError, match="người quyết định"):
            settle_delivery(office.ledger, "2019-04-1.ubnd_tinh", True, person, "đã hỏi qua điện thoại")
    for reason in ("", "…", "LÝ_DO", "-", "123"):
        with pytest.raises(SubmissionError, match="lý do"):
            settle_delivery(office.ledger, "2019-04-1.ubnd_tinh", True, STEWARD_ID, reason)


def test_what_was_accepted_cannot_be_put_out_again(office):
    office.deliver(office.publish())
    with pytest.raises(OperationError, match="accepted"):
        settle_delivery(office.ledger, "2019-04-1.mic", False, STEWARD_ID, "gửi lại")


def test_a_package_is_closed_when_somebody_handed_it_over(office):
    office.deliver(office.publish())
    done = settle_delivery(office.ledger, "2019-04-1.ubnd_tinh", True, STEWARD_ID, "đã gửi qua trục văn bản")
    assert done.state == "accepted"
    (*_, last) = office.ledger.audit_entries("deliveries/2019-04-1.ubnd_tinh")
    assert last.actor == STEWARD


def test_an_edition_whose_manifest_is_gone_is_not_sent(office):
    edition = office.publish()
    shutil.rmtree(office.settings.home / "archive" / "editions")
    with pytest.raises(OperationError, match="manifest of 2019-04-1 is gone"):
        office.deliver(edition)
    assert not list(office.settings.mailbox_folder.glob("*.eml"))
