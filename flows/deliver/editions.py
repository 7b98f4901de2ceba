"""How far an edition is: told by the ledger's facts, kept nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flows.deliver.outcome import latest_editions, open_deliveries
from flows.deliver.step import is_released
from flows.records import Edition

if TYPE_CHECKING:
    from infra.ledger import Ledger
    from infra.settings import Settings

EditionState = Literal["proposed", "approved", "delivering", "rehearsed", "delivered", "replaced"]
EDITION_STATE_VI: dict[EditionState, str] = {
    "proposed": "chờ phê duyệt · proposed",
    "approved": "được gửi, chưa gửi · approved",
    "delivering": "đang gửi, còn nơi chưa xong · delivering",
    "rehearsed": "chạy thử xong, chưa gửi đi đâu · rehearsed",
    "delivered": "đã gửi xong · delivered",
    "replaced": "đã có ấn bản sau thay · replaced",
}


def edition_state(settings: Settings, ledger: Ledger, edition: Edition) -> EditionState:
    """Return how far an edition is.

    "proposed" waits for an approver; "approved" may leave and has not begun to; "delivering" has begun and is not
    done; "delivered" reached every line of the recipients block, "rehearsed" the mailbox on this machine instead;
    "replaced" has a later one in its place.
    """
    if edition != latest_editions(ledger.editions(edition.period))[edition.period]:
        return "replaced"
    if not is_released(settings, ledger, edition):
        return "proposed"
    lines = ledger.deliveries(edition_id=edition.edition_id)
    if all(line.state in ("pending", "held") for line in lines):
        return "approved"
    if open_deliveries(settings, lines):
        return "delivering"
    return "rehearsed" if any(line.was_rehearsed for line in lines) else "delivered"


def approved_by(settings: Settings, ledger: Ledger, edition: Edition) -> str:
    """Return who let an edition leave the house: a person, the installation's own rule, or "" for nobody yet.

    Outside production nothing leaves, so nobody is asked.
    """
    approval = ledger.approval(edition)
    if approval:
        return approval.person_name
    if not settings.is_production:
        return "không hỏi khi chạy thử · not asked in a rehearsal"
    return "" if settings.needs_approval else "tự động · automatic"
