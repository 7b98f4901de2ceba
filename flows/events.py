"""What an operator is told of the standing server: each event once, in words, with what to do.

The key says what counts as the same event. A fault is told once a day, however often it is met that day; a month that
waits is told once for each set of findings.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from infra.vietnamese import day_of, moment_text

FAILED, CRASHED, AWAITING, NO_MAIL = "Failed", "Crashed", "AwaitingDecision", "NoMail"
NOT_DELIVERED = "NotDelivered"
WHAT = {                      # of a run: what happened, in both languages
    FAILED: ("không xong", "failed"),
    CRASHED: ("bị ngắt giữa chừng", "crashed"),
    AWAITING: ("chờ quyết định", "awaits decisions"),
    NO_MAIL: ("đến hạn mà chưa có thư", "is due and has no mail"),
    NOT_DELIVERED: ("đã phát hành mà chưa đến đủ nơi nhận", "is published and not delivered to all"),
}
REMEDY = {
    FAILED: "Máy chủ sẽ tự chạy lại. Nếu việc lặp lại, xử lý theo câu trên. (It is tried again by itself.)",
    CRASHED: "Máy chủ sẽ tự chạy lại; không mất và không gửi trùng gì. (It is begun again by itself; nothing is lost.)",
    AWAITING: "Xem: tonghop findings --period {period}; quyết định xong, tháng tự chạy tiếp. "
              "(Decide; the month then goes on by itself.)",
    NOT_DELIVERED: "Xem: tonghop deliveries --period {period}. Gì gửi lại được thì tự gửi lại. "
                   "(What can be sent again is sent again by itself.)",
    NO_MAIL: "Kiểm tra hộp thư đến; có thư thì tháng tự chạy. (Look at the inbox; the month runs once mail has come.)",
}
KINDS = {"monthly": ("Báo cáo tháng", "the month"), "inbox": ("Hộp thư đến tháng", "the inbox of")}


@dataclass(frozen=True)
class EndedRun:
    """A scheduled run that ended in a way that a person should know of."""

    kind: str                 # "monthly", "inbox"
    period: str
    state: str                # the name of its last state
    message: str
    ended_at: datetime


@dataclass(frozen=True)
class Event:
    """One thing to tell. `key` is letters, digits, dots and dashes; the same key is told once."""

    key: str
    subject: str
    text: str


def event_of_run(run: EndedRun) -> Event:
    """Return what is to be told of a run that ended."""
    state = run.state if run.state in WHAT else FAILED
    (kind_vi, kind_en), (what_vi, what_en) = KINDS[run.kind], WHAT[state]
    subject = f"[tonghop] {kind_vi} {run.period}: {what_vi} ({kind_en} {run.period} {what_en})"
    when = moment_text(run.ended_at.isoformat())
    told = [f"{kind_vi} {run.period} {what_vi} lúc {when}.", run.message, REMEDY[state].format(period=run.period)]
    return Event(_key_of_run(run, state), subject, "\n\n".join(told) + "\n")


def event_of_gap(period: str, message: str) -> Event:
    """Return what is to be told of a month that the catalogue cannot serve."""
    subject = f"[tonghop] Danh mục chưa dùng được cho tháng {period} (the catalogue does not serve {period})"
    text = f"{message}\n\nSửa trước khi tháng {period} đến hạn; kiểm tra bằng: tonghop doctor.\n"
    return Event(f"catalogue.{period}.{_digest(message)}", subject, text)


def event_of_server(what_vi: str, what_en: str, at: datetime) -> Event:
    """Return what is to be told of the standing server itself."""
    day = day_of(at.isoformat())
    subject = f"[tonghop] Máy chủ thường trực: {what_vi} ({what_en})"
    text = f"{what_vi} ({what_en})\n{moment_text(at.isoformat())}\n"
    return Event(f"server.{day}.{_digest(what_en)}", subject, text)


def _key_of_run(run: EndedRun, state: str) -> str:
    if state == NO_MAIL:
        return f"{run.kind}.no-mail.{run.period}"
    if state in (AWAITING, NOT_DELIVERED):
        return f"{run.kind}.{state.lower()}.{run.period}.{_digest(run.message)}"
    day = day_of(run.ended_at.isoformat())
    # A number in the sentence (free room, a process) makes no other fault of it.
    return f"{run.kind}.{state.lower()}.{run.period}.{day}.{_digest(re.sub(r'[0-9]+', '0', run.message))}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]
