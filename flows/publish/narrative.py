"""Which work item is printed where: every item in force is placed once, none twice, none lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from flows.publish.outline import ItemsEntry
from flows.publish.passages import find_statement
from flows.publish.report_data import ItemKey, ReportData, Statement
from flows.records import NarrativeItem
from infra.errors import OperationError


def item_key(item: NarrativeItem) -> ItemKey:
    """Return the identity of a work item. The text belongs to it: a mail's items all stand at "body"."""
    return (item.receipt_id, item.file, item.place, item.text)


@dataclass
class ItemBox:
    """The work items still to be printed. `placed` tells where each one went."""

    data: ReportData
    placed: dict[ItemKey, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        order = {name: index for index, name in enumerate(self.data.submitters)}
        self._items = sorted(
            (item for item in self.data.narrative if item.use_status == "in_force"),
            key=lambda item: order.get(item.submitter_id, len(order)),
        )
        self._statements = _statements_by_item(self.data, self._items)

    def take(self, part: str, entry: ItemsEntry, place: str) -> list[NarrativeItem]:
        """Return the items an entry of the outline asks for, by submitter in catalogue order."""
        items = [
            item for item in self._waiting(part) if item.section in entry.sections and self._kind(item) in entry.kinds
        ]
        return self._place(items, place)

    def take_area(self, part: str, sections: Iterable[str], area_code: str, place: str) -> list[NarrativeItem]:
        """Return the items of one local area that stand under some sections."""
        wanted = tuple(sections)
        items = [
            item
            for item in self._waiting(part)
            if item.section in wanted and self._is_local(item) and self._area(item) == area_code
        ]
        return self._place(items, place)

    def take_stating(self, part: str, indicator_id: str, place: str) -> NarrativeItem | None:
        """Return the item of a department's unit whose words state this published figure, if there is one."""
        items = [
            item for item in self._waiting(part) if indicator_id in {s.indicator_id for s in self.statements_of(item)}
        ]
        return self._place(items[:1], place)[0] if items else None

    def statements_of(self, item: NarrativeItem) -> list[Statement]:
        """Return the published figures a unit's item states, in the order of its words where that can be seen.

        A local office's count is its own and never the published figure, even where the numbers are equal.
        """
        found = [] if self._is_local(item) else self._statements.get(item_key(item), [])
        return sorted(found, key=lambda s: (item.text.find(s.raw_text), s.indicator_id))

    def drop_zero(self, part: str, indicator_ids: Iterable[str]) -> None:
        """Mark as placed the items that say nothing but that these counts are zero: one sentence says it."""
        wanted = set(indicator_ids)
        for item in self._waiting(part):
            stated = self.statements_of(item)
            if stated and all(s.indicator_id in wanted and s.value == 0 for s in stated):
                self.placed[item_key(item)] = f"zero:{stated[0].indicator_id}"

    def require_empty(self) -> None:
        """Refuse a report that leaves an item out.

        Raises:
            OperationError: Naming the first items and their section codes.
        """
        left = [item for part in ("I", "II") for item in self._waiting(part)]
        if left:
            names = "; ".join(f"{i.message} {i.file} {i.place} ({i.part}, {i.section})" for i in left[:5])
            raise OperationError(
                f"Đề cương báo cáo không có chỗ cho {len(left)} nội dung: {names}.",
                f"The report outline has no place for {len(left)} work items: {names}.",
                remedy_vi="Bổ sung mục items cho mã phần đó trong outline.yml.",
            )

    def _waiting(self, part: str) -> list[NarrativeItem]:
        return [item for item in self._items if item.part == part and item_key(item) not in self.placed]

    def _place(self, items: list[NarrativeItem], place: str) -> list[NarrativeItem]:
        self.placed.update({item_key(item): place for item in items})
        return items

    def _kind(self, item: NarrativeItem) -> str:
        submitter = self.data.submitters.get(item.submitter_id)
        return submitter.submitter_kind if submitter else "department_unit"

    def _is_local(self, item: NarrativeItem) -> bool:
        submitter = self.data.submitters.get(item.submitter_id)
        return submitter is not None and submitter.is_local

    def _area(self, item: NarrativeItem) -> str:
        submitter = self.data.submitters.get(item.submitter_id)
        return submitter.area_code if submitter else ""


def _statements_by_item(data: ReportData, items: list[NarrativeItem]) -> dict[ItemKey, list[Statement]]:
    """Return by item the statements whose value in force is the published figure.

    A unit's count that only serves as a cross-check and differs is left as its words have it.
    """
    at_place: dict[tuple[str, str, str], list[NarrativeItem]] = {}
    for item in items:
        at_place.setdefault((item.receipt_id, item.file, item.place), []).append(item)
    found: dict[ItemKey, list[Statement]] = {}
    for statement in data.statements:
        figure = data.figures.get(statement.indicator_id)
        if figure and figure.value == statement.value:
            own = _item_of(data, statement, at_place.get(statement.place_key, []))
            if own:
                found.setdefault(item_key(own), []).append(statement)
    return found


def _item_of(data: ReportData, statement: Statement, items: list[NarrativeItem]) -> NarrativeItem | None:
    """Return the item a statement stands in: the only one at its place, or the one its words point to.

    Several items at one place (a mail, a page): the one that also holds the list behind the count, else the one
    that shares most words with the indicator's label. When two are as likely, none is taken and the outline's own
    sentence is printed.
    """
    if len(items) <= 1:
        return items[0] if items else None
    lists = [s.raw_text for s in data.statements
             if s.place_key == statement.place_key and s.indicator_id == f"{statement.indicator_id}#list"]
    label = data.catalogue.indicator_by_id[statement.indicator_id].label_vi
    is_number = bool(re.search(r"\d", statement.raw_text))
    scores = [
        (100 * any(text in item.text for text in lists) + len(_words(item.text) & _words(label)), item)
        for item in items if find_statement(item.text, statement)
    ]
    scores.sort(key=lambda scored: -scored[0])
    if not scores or (len(scores) > 1 and scores[0][0] == scores[1][0]):
        return None
    return scores[0][1] if scores[0][0] > 0 or not is_number else None


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
