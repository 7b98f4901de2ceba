"""An approver's word: a published edition is proposed, and leaves the house when a person approved it."""

from __future__ import annotations

from flows.deliver import latest_editions
from infra.errors import OperationError
from infra.ledger import open_ledger
from infra.ledger_records import Approval
from infra.people import person_in_role
from infra.settings import Settings


def approve_edition(settings: Settings, edition_id: str, named: str) -> Approval:
    """Record that a person of people.csv approved an edition, exactly as it is frozen; once.

    Raises:
        OperationError: There is no such edition, a later one has replaced it, or the person is no approver.
    """
    ledger = open_ledger(settings)
    person = person_in_role(named, "approver", settings.now().date().isoformat())
    edition = next((e for e in ledger.editions() if e.edition_id == edition_id), None)
    if edition is None or edition != latest_editions(ledger.editions(edition.period))[edition.period]:
        raise OperationError(
            f"Không có ấn bản {edition_id}, hoặc đã có ấn bản mới hơn thay thế.",
            f"There is no edition {edition_id}, or a later one has replaced it.",
            remedy_vi="Xem mã ấn bản bằng tonghop deliveries --period THÁNG.",
        )
    approval = Approval(edition_id, edition.manifest_sha256, person.person_id, person.person_name, ledger.now())
    return ledger.approve(approval)
