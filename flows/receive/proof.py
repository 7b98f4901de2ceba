"""Whether a message was sent by whoever it names: from the lines of our own mail server, never from the sender's.

Fails closed: what is not proved is not believed. A message carries lines of many hands, so only the topmost result of
our own server counts (RFC 8601), and only where no line of another server stands above it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flows.mail.authentication import MethodResult, Results, UnreadableResultsError, authserv_id_of, read_results
from flows.mail.headers import parse_date
from flows.mail.message import Mail
from flows.records import Proof
from infra.catalogue import Submitter
from infra.settings import Settings
from infra.vietnamese import moment

_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8",
                                            "::1/128", "fc00::/7", "fe80::/10")))
_SEEN_ADDRESS = re.compile(r"\(([^()]*)\)")  # what a server saw of the other end; beside it stands what that end said
_IP = re.compile(r"\[?(?:IPv6:)?([0-9A-Fa-f.:]*[.:][0-9A-Fa-f.:]+)\]?")
_LITERAL = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]", re.IGNORECASE)
_SAID = re.compile(r"\b(?:helo|ehlo|ident)\b\s*=?\s*[^\s()]*", re.IGNORECASE)   # some write it in those brackets too
_ASIDE = re.compile(r"\([^()]*\)|<[^<>]*>")  # comments and addresses: a sender may have a say in them
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_LOCAL_HAND_OVER = re.compile(r"\bwith\s+(?:local\s+)?(?:UTF8)?LMTPS?A?\b", re.IGNORECASE)
_LOGGED_IN = re.compile(r"\bwith\s+(?:UTF8)?E?SMTPS?A\b", re.IGNORECASE)   # RFC 3848: the other end gave a password
_LOCAL_USER = re.compile(r"\bfrom userid \d+|\binvoked by uid\b|\binvoked from network\b", re.IGNORECASE)
_LABELS = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+")     # what stands before a domain in a part of it
_FAILED = re.compile(r"\bdmarc\s*=\s*(?:fail|reject)\b", re.IGNORECASE)
CLOCKS_APART = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Belief:
    """Why a sender is believed, as a word, with the sentence; "" and the sentence why not."""

    proof: Proof
    sentence_vi: str


def judge_sender(mail: Mail, submitter: Submitter, settings: Settings) -> Belief:
    """Return whether the submitter to whom the From address belongs sent the message.

    Args:
        mail: The message; its address is one of the submitter's.
        submitter: The row of the catalogue, which says how this sender proves itself.
        settings: Name our mail server's results, or declare the inbox to be filled by hand.
    """
    if settings.authserv_id:
        return _judge_results(mail, submitter, settings)
    if _says_forged(mail.trace):
        return Belief("", f"một máy chủ thư đã ghi rằng địa chỉ {mail.sender_address} bị giả mạo (dmarc=fail)")
    if settings.is_inbox_trusted:
        return Belief("by_hand", f"Tin vì hộp thư đến do người của Sở chép vào (TONGHOP_INBOX_TRUSTED); địa chỉ "
                                 f"{mail.sender_address} là của {submitter.submitter_name}.")
    if submitter.proof_level == "confirmed":
        return Belief("", f"thư của {submitter.submitter_name} phải được người xác nhận từng thư")
    return Belief("address", f"Địa chỉ {mail.sender_address} là của {submitter.submitter_name}, nhưng không có máy chủ "
                             "thư nào xác nhận người gửi: thư này không tự thay bản đã nhận.")


def judge_upload(account: str, submitter: Submitter, settings: Settings) -> Belief:
    """Return why a file in an upload folder is taken for the submitter's: whoever may write there put it there."""
    if settings.is_inbox_trusted and not settings.authserv_id:
        return Belief("by_hand", f"Tin vì người của Sở đặt tệp vào thư mục {account}/ của {submitter.submitter_name}.")
    return Belief("upload", f"Tệp nằm trong thư mục {account}/ của {submitter.submitter_name}; không có gì khác xác "
                            "nhận người gửi: tệp này không tự thay bản đã nhận.")


def traced_at(trace: Sequence[tuple[str, str]], received_at: str) -> str:
    """Return when the last mail server took the message over, ISO 8601; "" when no line says so credibly."""
    last = next((value for name, value in trace if name == "received"), "")
    found = parse_date(last.rpartition(";")[2].strip()) if ";" in last else ""
    return found if found and moment(found) <= moment(received_at) + CLOCKS_APART else ""


def _judge_results(mail: Mail, submitter: Submitter, settings: Settings) -> Belief:
    if submitter.proof_level == "confirmed":
        return Belief("", f"thư của {submitter.submitter_name} phải được người xác nhận từng thư")
    own, why = _own_results(mail.trace, settings)
    if own is None:
        return Belief("", why)
    domain = mail.sender_address.rpartition("@")[2]
    judged = own.of("dmarc")
    others = [result for line in _all_own(mail.trace, settings) for result in line.of("dmarc")]
    if judged and all(_is_dmarc_pass(result, domain) for result in [*judged, *others]):
        return Belief("dmarc", _believed(mail, submitter, settings, f"dmarc=pass cho miền {domain}"))
    return _judge_signature(mail, submitter, settings, own, [*judged, *others])


def _judge_signature(
    mail: Mail, submitter: Submitter, settings: Settings, own: Results, judged: Sequence[MethodResult]
) -> Belief:
    """Where the domain has no DMARC at all a signature may do; a DMARC that is there and no pass forbids it."""
    domain = mail.sender_address.rpartition("@")[2]
    is_relayed = submitter.proof_level == "known_relay"
    tolerated = ("none",) if is_relayed else ()
    blocking = [result for result in judged if result.result not in tolerated]
    if blocking:
        worst = next((result for result in blocking if result.result != "pass"), blocking[0])
        return Belief("", f"{settings.authserv_id} ghi dmarc={worst.result}, không xác nhận miền {domain}")
    signed = [result for result in own.of("dkim") if result.result == "pass"]
    if any(_is_signed_by(result, domain) for result in signed):
        return Belief("dkim", _believed(mail, submitter, settings, f"chữ ký DKIM đúng của miền {domain}"))
    relay = next((d for d in submitter.relays if any(result.values("header.d") == [d] for result in signed)), "")
    if is_relayed and relay:
        return Belief("relay", _believed(mail, submitter, settings, f"chữ ký DKIM của máy chuyển tiếp đã biết {relay}"))
    return Belief("", f"{settings.authserv_id} không ghi dmarc=pass hay chữ ký DKIM đúng của miền {domain}")


def _believed(mail: Mail, submitter: Submitter, settings: Settings, what: str) -> str:
    return (f"Tin vì máy chủ {settings.authserv_id} ghi {what}; địa chỉ {mail.sender_address} là của "
            f"{submitter.submitter_name}.")


def _is_dmarc_pass(result: MethodResult, domain: str) -> bool:
    judged = result.values("header.from")
    return result.result == "pass" and bool(judged) and all(value == domain for value in judged)


def _is_signed_by(result: MethodResult, domain: str) -> bool:
    """A signature of the domain itself or of a part of it; what lies above it may belong to many."""
    named = [value.partition("@")[2] for value in result.values("header.i")]
    signers = result.values("header.d")     # i= may name a part of what signed (RFC 6376 3.5): alone it tells not who
    return bool(signers) and all(_is_within(name, domain) for name in [*signers, *named])


def _is_within(signer: str, domain: str) -> bool:
    part = signer.removesuffix(domain)
    return part == "" or (part != signer and bool(_LABELS.fullmatch(part)))


# ---------------------------------------------------------------- whose line is it


def _own_results(trace: Sequence[tuple[str, str]], settings: Settings) -> tuple[Results | None, str]:
    """Return the topmost results of our own server, or None and why there are none that count."""
    for line in _ours(trace, settings):
        try:
            return read_results(line), ""
        except UnreadableResultsError:
            return None, f"kết quả kiểm tra của {settings.authserv_id} không đọc được"
    if _entry(trace, settings.authserv_id) is None:
        return None, ("không có dòng Received nào cho thấy thư từ bên ngoài vào qua máy chủ của Sở, nên không có kết "
                      "quả kiểm tra nào đáng tin")
    if any(authserv_id_of(value) == settings.authserv_id for name, value in trace if name == "authentication-results"):
        return None, (f"kết quả ghi tên {settings.authserv_id} nằm dưới dòng Received của máy chủ khác, nơi ai cũng "
                      "viết được")
    return None, f"không có kết quả kiểm tra của máy chủ {settings.authserv_id}"


def _all_own(trace: Sequence[tuple[str, str]], settings: Settings) -> list[Results]:
    """Return every readable line under our server's name, wherever it stands: they may forbid, they never prove."""
    found = []
    for name, value in trace:
        if name == "authentication-results" and authserv_id_of(value) == settings.authserv_id:
            try:
                found.append(read_results(value))
            except UnreadableResultsError:
                continue
    return found


def _ours(trace: Sequence[tuple[str, str]], settings: Settings) -> list[str]:
    """Return the results under our server's name above the line of the server that let the message in.

    With `authserv_place` "below" also those right beneath that line, where some servers write them. A message that
    came in nowhere was checked by nobody: whoever saved or sent it within the house wrote its lines.
    """
    lines: list[str] = []
    entry = _entry(trace, settings.authserv_id)
    is_inside = True
    for place, (name, value) in enumerate(trace) if entry is not None else ():
        if name == "authentication-results":
            lines += [value] if authserv_id_of(value) == settings.authserv_id else []
        elif not is_inside:
            break
        elif place == entry:
            if settings.authserv_place == "above" or not _is_by_us(value, settings.authserv_id):
                break
            is_inside = False
    return lines


def _entry(trace: Sequence[tuple[str, str]], authserv_id: str) -> int | None:
    """Return the place of the line by which the message came in: the topmost that is no hand-over within the house.

    What the judging server itself took from a machine of the house came in there: that machine wrote the lines below.
    """
    for place, (name, value) in enumerate(trace):
        if name == "received" and (not _is_hand_over(value) or _is_submission(value, authserv_id)):
            return place
    return None


def _is_submission(received: str, authserv_id: str) -> bool:
    """Return whether a person or a program of the house gave the message in, as the server's own line shows."""
    words = _ASIDE.sub(" ", received)
    if _LOCAL_HAND_OVER.search(words):      # into a mailbox, over LMTP: never how anybody gives a message in
        return False
    if _LOGGED_IN.search(words) or _LOCAL_USER.search(received):
        return True
    by = [match[1].lower().rstrip(".") for match in _BY.finditer(words)]
    is_loop = not any(map(_is_of_another_machine, _addresses_seen(received)))
    return by == [authserv_id] and not is_loop


def _is_hand_over(received: str) -> bool:
    """Return whether a server of ours handed the message on within the house, as its own line shows.

    What the other end called itself proves nothing; the address that the server saw, in brackets, does. Servers differ
    in where they write which, so no address of elsewhere may stand anywhere before "by".
    """
    if received.lower().startswith("by "):
        return True
    words = _ASIDE.sub(lambda aside: " " * len(aside[0]), received)     # every word stays where it is
    found_by = list(_BY.finditer(words))
    if len(found_by) != 1:
        return False
    if _LOCAL_HAND_OVER.search(words, found_by[0].end()):
        return True
    other_end = received[: found_by[0].start()]
    seen = _addresses_seen(other_end)
    return bool(seen) and all(map(_is_private, [*seen, *_LITERAL.findall(other_end)]))


def _addresses_seen(other_end: str) -> list[str]:
    """Return the addresses of the other end that the server itself saw and wrote in brackets."""
    groups = (_SAID.sub(" ", group) for group in _SEEN_ADDRESS.findall(other_end))
    return [found for group in groups for found in _IP.findall(group)]


def _is_of_another_machine(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address).is_loopback
    except ValueError:
        return True


def _is_private(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in _PRIVATE if network.version == found.version)


def _is_by_us(received: str, authserv_id: str) -> bool:
    host = next((match[1].lower().rstrip(".") for match in _BY.finditer(received)), "")
    above = authserv_id.partition(".")[2]
    domains = [authserv_id, *([above] if "." in above else [])]
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _says_forged(trace: Sequence[tuple[str, str]]) -> bool:
    """Where no server is known as ours a pass says nothing, but a failure that any has found is taken seriously."""
    return any(name == "authentication-results" and _FAILED.search(value) for name, value in trace)
