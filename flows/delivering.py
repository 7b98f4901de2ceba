"""Delivering an edition by itself: what may be tried again is tried again, and what is open is said."""

from __future__ import annotations

from flows import deliver, steps
from flows.progress import Progress
from flows.records import Delivery, Edition
from infra.errors import OperationError
from infra.ledger import Ledger, open_ledger
from infra.settings import Settings


def deliver_again(settings: Settings, target: str, progress: Progress | None = None) -> list[Delivery]:
    """Deliver an edition ("2019-04-1"), or the last one of a month ("2019-04"), as far as it is still due.

    Raises:
        OperationError: There is no such edition, a later one has replaced it, or as `deliver.deliver_edition`.
    """
    from infra.archive import open_archive
    from infra.catalogue import load_catalogue

    ledger = open_ledger(settings)
    edition = _edition(ledger, target)
    with steps.one_run_at_a_time(settings), (progress or Progress()).step("deliver") as advance:
        return deliver.deliver_edition(
            settings, open_archive(settings), ledger, load_catalogue(), edition, advance=advance)


def open_lines(settings: Settings) -> list[Delivery]:
    """Return what is open of the last edition of every month."""
    ledger = open_ledger(settings)
    latest = {edition.edition_id for edition in deliver.latest_editions(ledger.editions()).values()}
    return deliver.open_deliveries(settings, [d for d in ledger.deliveries() if d.edition_id in latest])


def _edition(ledger: Ledger, target: str) -> Edition:
    editions = ledger.editions()
    latest = deliver.latest_editions(editions)
    found = latest.get(target) or next((e for e in editions if e.edition_id == target), None)
    if found is None:
        raise OperationError(f"Không có ấn bản hay tháng nào đã phát hành là “{target}”.",
                             f"Nothing was published as {target!r}.",
                             remedy_vi="Ghi tháng (2019-04) hoặc mã ấn bản (2019-04-1) đã phát hành.")
    if found != latest[found.period]:
        raise OperationError(f"Ấn bản {target} đã được thay bằng {latest[found.period].edition_id}.",
                             f"Edition {target} was replaced by {latest[found.period].edition_id}.",
                             remedy_vi=f"Gửi ấn bản mới: tonghop deliver {found.period}.")
    return found
