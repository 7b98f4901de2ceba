"""What became of deliveries, and whose turn it is where one is open."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from flows.records import Delivery, Edition

if TYPE_CHECKING:
    from infra.settings import Settings

# What is to be done about an open state, in Vietnamese and in English.
OPEN = {
    "pending": "chưa gửi được: tonghop deliver (not sent yet)",
    "claimed": "lần gửi bị ngắt: tonghop deliver (a try was cut off)",
    "held": "chờ phê duyệt (waits for approval)",
    "rejected": "bị máy chủ từ chối: xem lý do, rồi tonghop settle (refused for good)",
    "uncertain": "chưa rõ đã đến chưa: hỏi nơi nhận, rồi tonghop settle (nobody knows whether it arrived)",
}


def open_deliveries(settings: Settings, deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Return those that are not done: open in the ledger, or in production only rehearsed."""
    return [
        d for d in deliveries
        if d.state in OPEN or (settings.is_production and d.message_id and d.is_rehearsal)
    ]


def latest_editions(editions: Iterable[Edition]) -> dict[str, Edition]:
    """Return the last edition of each month: only that one is still to be delivered."""
    return {edition.period: edition for edition in sorted(editions, key=lambda e: (e.period, e.number))}


def describe_open(deliveries: Collection[Delivery]) -> str:
    """Return one sentence a line that is not done: which, and what to do; a held one says itself for what it waits."""
    said = {d.delivery_id: OPEN.get(d.state, "mới gửi thử (rehearsed only)") for d in deliveries}
    why = {d.delivery_id: f": {d.response.rstrip('.')}" for d in deliveries if d.state == "held" and d.response}
    return "; ".join(f"{name} {words}{why.get(name, '')}" for name, words in said.items())
