"""What comes in during a simulated year: letters, forgeries, strangers' mail, noise.."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

GATEWAY = "mx.so-tttt.example"        # whose results the installation believes
FORGERIES = ("no_results", "foreign_id", "below_ours", "fail", "other_domain", "two_from", "display_name")
NAMING_NOBODY = ("two_from", "display_name")      # forgeries whose From gives no address of the catalogue
NOISE = (
    b"", b"\x00\xff\xfe", b"From: \xe9\xe8\n\nx", b"PK\x03\x04 no mail", b"Subject: x\n" * 40,
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/zip\n\nPK\x03\x04\n--b--\n",
    b"From: a@b.example\nContent-Type: text/plain; charset=undefined\nContent-Transfer-Encoding: base64\n\n!!!!\n",
)


@dataclass(frozen=True)
class Letter:
    """A message in an inbox, and what nobody but the simulation knows of it for sure.

    `inbox` is the month whose inbox it lies in, `filed` the month it is to be filed under. `is_believed`: its sender
    is proved and nothing else holds it back when it comes. `names`: the submitter whose address it bears, "" for none.
    """

    number: int
    inbox: str
    raw: bytes
    filed: str
    submitter: str = ""
    address: str = ""
    values: Mapping[str, int] = field(default_factory=dict)
    is_believed: bool = False
    is_unproved: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def name(self) -> str:
        return f"{self.number:05d}.eml"


# Of each submitter two figures that it reports: the part may not exceed the whole.
PAIRS = {
    "dist_622": ("internet_agents", "telecom_bts_total"), "dist_626": ("internet_agents", "telecom_bts_total"),
    "vnpt": ("telecom_bsc", "telecom_bts_total"), "vnpost": ("post_agents", "post_offices"),
}
# How it is said in a letter: the words of the catalogue, and the unit.
SAID = {
    "internet_agents": ("Đại lý Internet", "đại lý"), "telecom_bts_total": ("Trạm BTS", "trạm"),
    "telecom_bsc": ("Trạm BSC", "trạm"), "post_agents": ("Đại lý bưu điện", "đại lý"),
    "post_offices": ("Bưu cục các cấp", "bưu cục"),
}


def subject_of(month: str) -> str:
    return f"Báo cáo số liệu tháng {int(month[5:])}/{month[:4]}"


def body_of(values: Mapping[str, int]) -> str:
    lines = [f"- {SAID[name][0]}: {value} {SAID[name][1]}." for name, value in sorted(values.items())]
    return "\n".join(["Kính gửi Sở.", *lines, ""])


def genuine(address: str, month: str, body: str, sent: datetime, number: int, reply_to: str = "") -> bytes:
    """Return a letter as our own mail server hands it over: proved, and traced."""
    domain = address.rpartition("@")[2]
    lines = [_results(GATEWAY, "pass", domain), _received(GATEWAY, sent), f"From: <{address}>"]
    return _letter(lines, month, body, sent, number, reply_to)


def forged(kind: str, address: str, month: str, body: str, sent: datetime, number: int) -> bytes:
    """Return a letter that bears a submitter's address, or seems to, and was sent by somebody else."""
    domain = address.rpartition("@")[2]
    received, plain = _received(GATEWAY, sent), f"From: <{address}>"
    heads = {
        "no_results": [received, plain],
        "foreign_id": [_results("mx.elsewhere.example", "pass", domain), received, plain],
        "below_ours": [received, _received("mx.elsewhere.example", sent), _results(GATEWAY, "pass", domain), plain],
        "fail": [_results(GATEWAY, "fail", domain), received, plain],
        "other_domain": [_results(GATEWAY, "pass", "elsewhere.example"), received, plain],
        "two_from": [_results(GATEWAY, "pass", domain), received, plain, "From: <boss@elsewhere.example>"],
        "display_name": [_results(GATEWAY, "pass", "elsewhere.example"), received,
                         f'From: "{address}" <boss@elsewhere.example>'],
    }
    return _letter(heads[kind], month, body, sent, number)


def forwarded(address: str, month: str, body: str, sent: datetime, number: int) -> bytes:
    """Return a stranger's mail with a letter of a submitter attached: the stranger sent it, nobody else."""
    inner = genuine(address, month, body, sent, number).decode()
    head = [_results(GATEWAY, "pass", "elsewhere.example"), _received(GATEWAY, sent), "From: <boss@elsewhere.example>",
            f"Subject: Fwd: {subject_of(month)}", f"Date: {format_datetime(sent)}",
            f"Message-ID: <f{number}@elsewhere.example>", "MIME-Version: 1.0",
            'Content-Type: multipart/mixed; boundary="b"']
    parts = ["--b", "Content-Type: text/plain; charset=utf-8", "", "Chuyển tiếp báo cáo.", "--b",
             "Content-Type: message/rfc822", "", inner, "--b--", ""]
    return "\r\n".join([*head, "", *parts]).encode()


def _letter(head: list[str], month: str, body: str, sent: datetime, number: int, reply_to: str = "") -> bytes:
    lines = [*head, f"Subject: {subject_of(month)}", f"Date: {format_datetime(sent)}",
             f"Message-ID: <m{number}@units.example>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
             "Content-Transfer-Encoding: 8bit"]
    if reply_to:
        lines.append(f"In-Reply-To: {reply_to}")
    return "\r\n".join([*lines, "", body.replace("\n", "\r\n")]).encode()


def _results(server: str, result: str, domain: str) -> str:
    return f"Authentication-Results: {server}; dmarc={result} header.from={domain}"


def _received(server: str, sent: datetime) -> str:
    there = "outside.example (outside.example [203.0.113.7])"
    return f"Received: from {there} by {server} with ESMTP; {format_datetime(sent)}"
