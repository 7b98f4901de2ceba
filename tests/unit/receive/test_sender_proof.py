"""The sender is proved, not believed: no forgery counts, and nothing genuine is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flows.children import start_children
from flows.mail.answer import unpacked_of
from flows.receive import receive_folder
from flows.receive.proof import Belief, judge_sender, traced_at
from flows.receive.senders import find_submitter
from flows.records import Receipt
from flows.sandbox_jobs import unpack
from infra.archive import open_archive
from infra.catalogue import Catalogue, Submitter, load_catalogue
from infra.ledger import open_ledger
from infra.sandbox import Sandbox
from infra.settings import Settings
from tests.unit.receive.forgeries import (
    DISTRICT,
    DOMAIN,
    ENTRY,
    EVIL,
    FORGED,
    FROM,
    GENUINE,
    OURS,
    PASS,
    WHEN,
    ar,
    entered,
    message,
)

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
KONG_CHRO = CATALOGUE.submitter_by_id["dist_630"]
STAMP = f"{PASS}\r\n{ENTRY}{WHEN}\r\n".encode()
COUNTED = ("received", "late")


@pytest.fixture
def gateway(settings: Settings) -> Settings:
    """Settings of a house whose mail server proves senders."""
    return replace(settings, authserv_id=OURS, inbox_trusted="no")


@pytest.fixture(scope="module")
def children() -> Iterator[Sandbox]:
    with start_children() as started:
        yield started


def believed(settings: Settings, *lines: str, submitter: Submitter = KONG_CHRO) -> Belief:
    """What is thought of a message with these lines; nobody's address is believed to be nobody's."""
    opened = unpacked_of(*unpack({"is_message": True}, message(*lines)))
    assert opened.mail is not None
    found = find_submitter(opened.mail, CATALOGUE)
    return judge_sender(opened.mail, submitter, settings) if found is KONG_CHRO else Belief("", "another address")


def received(
    settings: Settings, folder: Path, children: Sandbox, catalogue: Catalogue = CATALOGUE
) -> dict[str, Receipt]:
    stores = open_archive(settings), open_ledger(settings)
    reception = receive_folder(settings, *stores, catalogue, PERIOD, folder, sandbox=children)
    return {receipt.message: receipt for receipt in reception.receipts}


def put(folder: Path, messages: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Write messages, each with a text of its own, and return what each file is."""
    folder.mkdir()
    names = {}
    for number, (what, lines) in enumerate(messages.items()):
        name = f"{number:03d}.eml"
        names[name] = what
        text = f"Báo cáo tháng 4/2019\n2. Trạm BTS: {number} trạm\n"
        (folder / name).write_bytes(message(*lines, number=number, text=text))
    return names


def test_the_matrix_has_its_forty_forgeries() -> None:
    assert len(FORGED) >= 40


def test_no_forgery_is_counted_and_none_is_lost(gateway: Settings, tmp_path: Path, children: Sandbox) -> None:
    names = put(tmp_path / "inbox", FORGED)
    receipts = received(gateway, tmp_path / "inbox", children)
    assert receipts.keys() == names.keys()
    assert [names[name] for name, r in receipts.items() if r.status in COUNTED] == []
    assert {r.status for r in receipts.values()} == {"quarantined"}
    assert all(r.held_vi and r.reason_vi and r.problem for r in receipts.values())


@pytest.mark.parametrize("what", [what for what in FORGED if "dated" not in what])
def test_a_forgery_proves_nothing(what: str, gateway: Settings) -> None:
    assert believed(gateway, *FORGED[what]).proof == ""


def test_every_genuine_message_counts_and_says_why(gateway: Settings, tmp_path: Path, children: Sandbox) -> None:
    names = put(tmp_path / "inbox", GENUINE)
    receipts = received(gateway, tmp_path / "inbox", children)
    assert [names[name] for name, r in receipts.items() if r.status != "received"] == []
    assert {r.submitter_id for r in receipts.values()} == {"dist_630"}
    assert {r.proof for r in receipts.values()} == {"dmarc", "dkim"}
    assert all(OURS in r.proof_vi and DISTRICT in r.proof_vi for r in receipts.values())


@pytest.mark.parametrize("what", ["no results at all", "results of another server", "SPF alone", "two From lines"])
def test_an_inbox_filled_by_hand_does_not_weaken_a_gateway(what: str, gateway: Settings) -> None:
    assert believed(replace(gateway, inbox_trusted="by_hand"), *FORGED[what]).proof == ""


def test_a_server_that_writes_beneath_its_own_line_is_declared(gateway: Settings) -> None:
    below = replace(gateway, authserv_place="below")
    assert believed(below, ENTRY + WHEN, PASS, FROM).proof == "dmarc"
    assert believed(below, ENTRY + WHEN, ar("none"), PASS, FROM).proof == ""
    foreign = f"Received: from a (a [203.0.113.9]) by mx.evil.example with ESMTP;{WHEN}"
    assert believed(below, foreign, PASS, FROM).proof == ""
    assert believed(below, ENTRY + WHEN, foreign, PASS, FROM).proof == ""
    assert believed(below, ENTRY + WHEN, ENTRY + WHEN, PASS, FROM).proof == ""


def test_a_known_relay_signs_for_a_domain_without_dmarc(gateway: Settings) -> None:
    relayed = replace(KONG_CHRO, proof_level="known_relay", relays=("thu.gialai.example",))
    for results, proof in {
        "dkim=pass header.d=thu.gialai.example": "relay",
        "dmarc=none; dkim=pass header.d=thu.gialai.example": "relay",
        f"dmarc=pass header.from={DOMAIN}": "dmarc",
        f"dmarc=none; dkim=pass header.d={DOMAIN}": "dkim",
        "dmarc=fail; dkim=pass header.d=thu.gialai.example": "",
        "dmarc=temperror; dkim=pass header.d=thu.gialai.example": "",
        "dkim=fail header.d=thu.gialai.example": "",
        "dkim=pass header.d=a.thu.gialai.example": "",
        "dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=thu.gialai.example": "",
    }.items():
        assert believed(gateway, *entered(ar(results), FROM), submitter=relayed).proof == proof, results


def test_who_is_confirmed_by_a_person_is_never_believed_by_a_machine(gateway: Settings, settings: Settings) -> None:
    confirmed = replace(KONG_CHRO, proof_level="confirmed")
    nobody = replace(settings, inbox_trusted="no")
    assert believed(gateway, PASS, FROM, submitter=confirmed).proof == ""
    assert believed(nobody, PASS, FROM, submitter=confirmed).proof == ""
    assert believed(replace(settings, inbox_trusted="by_hand"), FROM, submitter=confirmed).proof == "by_hand"


def test_without_a_gateway_an_address_is_only_an_address(settings: Settings) -> None:
    nobody, trusted = (replace(settings, inbox_trusted=word) for word in ("no", "by_hand"))
    assert believed(nobody, PASS, FROM).proof == "address"
    assert believed(trusted, FROM).proof == "by_hand"
    failed = ar(f"dmarc=fail header.from={DOMAIN}", "mx.any.example")
    assert [believed(s, failed, FROM).proof for s in (nobody, trusted)] == ["", ""]
    assert believed(trusted, f'From: "{DISTRICT}" <{EVIL}>').proof == ""


def test_an_old_message_sent_again_under_a_new_id_is_no_twin_once_it_was_replaced(
    gateway: Settings, tmp_path: Path, children: Sandbox
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "1.eml").write_bytes(message(*entered(PASS, FROM), "Message-ID: <1@a.example>"))
    (inbox / "2.eml").write_bytes(message(*entered(PASS, FROM), "Message-ID: <2@a.example>", text="Trạm BTS: 51 trạm"))
    received(gateway, inbox, children)
    (inbox / "3.eml").write_bytes(message(*entered(PASS, FROM), "Message-ID: <3@evil.example>"))
    statuses = {name: r.status for name, r in received(gateway, inbox, children).items()}
    # What replaced it stands: the old text again is a question of versions (tests/unit/read/test_versions.py).
    assert statuses == {"1.eml": "received", "2.eml": "received", "3.eml": "received"}


def test_a_held_message_hides_no_proved_twin(gateway: Settings, tmp_path: Path, children: Sandbox) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "1.eml").write_bytes(message(*entered(PASS, FROM), "Date: Fri, 18 Dec 2099 08:00:00 +0700"))
    (inbox / "2.eml").write_bytes(message(FROM))
    received(gateway, inbox, children)
    (inbox / "3.eml").write_bytes(message(*entered(PASS, FROM)))
    assert received(gateway, inbox, children)["3.eml"].status == "received"


def test_the_public_cases_of_forged_senders(gateway: Settings, shared_folder: Path, children: Sandbox) -> None:
    """The spoofed name is nobody's; a date in 2099 is said and waits, whoever proves the sender."""
    cases = shared_folder / "cases" / "mail"
    inbox = gateway.home / "cases"
    inbox.mkdir()
    for name in ("spoof-display-name.eml", "dated-2099.eml"):
        (inbox / name).write_bytes(STAMP * name.startswith("dated") + (cases / name).read_bytes())
    receipts = received(gateway, inbox, children)
    spoofed, dated = receipts["spoof-display-name.eml"], receipts["dated-2099.eml"]
    assert (spoofed.status, spoofed.submitter_id) == ("quarantined", "")
    assert (dated.status, dated.problem) == ("quarantined", "date_in_future")
    assert "2099" in dated.reason_vi


@pytest.mark.parametrize("month", ["2019-03", "2019-04"])
def test_no_genuine_message_of_the_field_is_lost_behind_a_gateway(
    month: str, gateway: Settings, shared_folder: Path
) -> None:
    """The mailboxes as our server would have stamped them: every registered sender's message is proved."""
    catalogue = load_catalogue().at(month)
    proofs = []
    for path in sorted((shared_folder / "field" / month).glob("*.eml")):
        plain = unpacked_of(*unpack({"is_message": True}, path.read_bytes())).mail
        assert plain is not None and plain.sender_address, (path.name, plain)
        domain = plain.sender_address.rpartition("@")[2]
        stamped = f"{ar(f'dmarc=pass header.from={domain}')}\r\n{ENTRY}{WHEN}\r\n".encode() + path.read_bytes()
        mail = unpacked_of(*unpack({"is_message": True}, stamped)).mail
        submitter = catalogue.submitter_by_address.get(plain.sender_address)
        proofs += [judge_sender(mail, submitter, gateway).proof] if mail and submitter else []
    assert len(proofs) > 30
    assert set(proofs) == {"dmarc"}


def test_the_last_servers_line_says_when_a_message_came() -> None:
    lines = (("received", f"by a id 1;{WHEN}"), ("received", "from b by c; Tue, 16 Apr 2019 08:00:00 +0700"))
    assert traced_at(lines, "2019-04-17T03:00:00+00:00") == "2019-04-17T09:00:05+07:00"
    assert traced_at((("received", "from a by b; Fri, 18 Dec 2099 08:00:00 +0700"),), "2019-04-17T03:00:00+00:00") == ""
    assert traced_at((("received", "from a by b without a date"),), "2019-04-17T03:00:00+00:00") == ""
    assert traced_at((), "2019-04-17T03:00:00+00:00") == ""
