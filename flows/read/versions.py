"""Which version of a submission counts: twins, resubmissions, corrections by reply, files of another month.

Pure functions over receipts and what their documents said. Nothing is removed: a figure that no longer counts keeps
its place and says why in `use_status`, and a finding tells the sender. The newest message of a submitter wins,
but only over what it states again: a reply that corrects one figure leaves the others as they were. And it wins only
when its sender is proved and writes from where the earlier one came; else it is held for a person.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from flows.read.problems import Problem
from flows.receipts import channel, how_to_decide, in_order, is_proved
from flows.records import (
    Document,
    DocumentReading,
    IntakeFinding,
    NarrativeItem,
    Observation,
    Receipt,
    ReceiptStatus,
    UseStatus,
)
from infra.catalogue import Catalogue

READ = ("received", "late", "duplicate")
OTHER_MONTH = ("last_year_file", "other_month_file")
NOT_OURS = (*OTHER_MONTH, "other_unit_file")     # what the sender does not report for this month
REPLY = re.compile(r"^\s*(re|trả lời|tl)\s*[:\-]", re.IGNORECASE)
REPLACES = re.compile(
    r"sửa lần|gửi lại|thay thế|thay cho|lấy theo bản này|bỏ bản|bản chính thức|đính chính", re.IGNORECASE
)
SAME_KIND = 0.5  # share of a document's figures stated again that makes the later one its new version
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receipt counts for once the whole month is known."""

    status: ReceiptStatus
    reason_vi: str = ""
    supersedes: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Readings with their `use_status` settled and version findings added, and a verdict a receipt."""

    readings: tuple[DocumentReading, ...]
    verdicts: dict[str, Verdict]


@dataclass
class _Doc:
    """One document while versions are being settled."""

    receipt: Receipt
    document: Document
    observations: list[Observation]
    items: list[NarrativeItem]
    findings: list[IntakeFinding] = field(default_factory=list)
    held_vi: str = ""

    @property
    def live(self) -> list[Observation]:
        return [o for o in self.observations if o.use_status == "in_force"]

    @property
    def keys(self) -> set[Key]:
        return {_key(o) for o in self.live}

    @property
    def is_body(self) -> bool:
        return self.document.file == "(body)"

    @property
    def says_anything(self) -> bool:
        return bool(self.observations or self.items)

    def set_all(self, status: UseStatus) -> None:
        """Give everything still in force a status."""
        self.set_figures(status, self.keys)
        self.set_items(status, {"I", "II"})

    def hold(self, why: str) -> None:
        """Keep everything still in force out until a person decides."""
        self.set_all("held")
        self.held_vi = why

    def set_figures(self, status: UseStatus, keys: set[Key]) -> None:
        self.observations = [
            dataclasses.replace(o, use_status=status) if o.use_status == "in_force" and _key(o) in keys else o
            for o in self.observations
        ]

    def set_items(self, status: UseStatus, parts: set[str]) -> None:
        self.items = [
            dataclasses.replace(i, use_status=status) if i.use_status == "in_force" and i.part in parts else i
            for i in self.items
        ]

    def add(self, kind: str, sentence: str, sheet: str = "", cell: str = "", raw_text: str = "") -> None:
        problem = Problem(kind, sentence, sheet=sheet, cell=cell, raw_text=raw_text)
        r = self.receipt
        where = (r.period, r.receipt_id, r.message, self.document.file, r.submitter_id)
        self.findings.append(problem.finding(*where))


def resolve_versions(
    receipts: Sequence[Receipt], readings: Sequence[DocumentReading], catalogue: Catalogue
) -> Resolved:
    """Settle which version of each submitter's figures and items counts.

    Args:
        receipts: The month's receipts, in any order, with the status they had on arrival.
        readings: What their documents said; those of receipts that are not used stay as they are.
        catalogue: For the names of indicators and areas in what senders are told.
    """
    by_id = {r.receipt_id: r for r in receipts}
    docs = [_Doc(by_id[r.document.receipt_id], r.document, list(r.reading.observations),
                 list(r.reading.narrative_items), list(r.reading.findings)) for r in readings]  # fmt: skip
    replaced: dict[str, str] = {}
    for submitter_id in sorted({d.receipt.submitter_id for d in docs if d.receipt.submitter_id}):
        mine = [d for d in docs if d.receipt.submitter_id == submitter_id and d.receipt.status in READ]
        replaced |= _resolve_submitter(mine, catalogue)
    verdicts = {r.receipt_id: _verdict(r, [d for d in docs if d.receipt is r], replaced) for r in receipts}
    return Resolved(tuple(_rebuilt(d, r) for d, r in zip(docs, readings, strict=True)), _linked(verdicts, replaced))


def _key(observation: Observation) -> Key:
    return observation.period, observation.indicator_id, observation.area_code


def _resolve_submitter(docs: list[_Doc], catalogue: Catalogue) -> dict[str, str]:
    """Settle the documents of one submitter; return which receipt replaced which (older: newer)."""
    for doc in docs:
        if doc.receipt.status == "duplicate":
            doc.set_all("duplicate")
        elif any(f.kind in NOT_OURS for f in doc.findings) and not _is_released_month(doc.receipt):
            doc.set_all("rejected")
    order = in_order({d.receipt.receipt_id: d.receipt for d in docs}.values())
    messages = [[d for d in docs if d.receipt is receipt] for receipt in order if receipt.status != "duplicate"]
    replaced: dict[str, str] = {}
    counted: list[list[_Doc]] = []
    for later in messages:
        returned = _mark_twins(later, [doc for message in counted for doc in message])
        restated = [earlier for earlier in counted if _restates(earlier, later)]
        if why := _why_held(later, restated, catalogue) or _why_asked(later, returned, catalogue):
            for doc in later:
                doc.hold(why)
            continue
        for earlier in counted:
            if _supersede_message(earlier, later, catalogue):
                replaced.setdefault(earlier[0].receipt.receipt_id, later[0].receipt.receipt_id)
        counted.append(later)
    return replaced


def _is_released_month(receipt: Receipt) -> bool:
    """A person who releases a message held for the month it names has looked at that month."""
    return bool(receipt.decision_id) and receipt.problem in OTHER_MONTH


def _why_held(later: list[_Doc], restated: list[list[_Doc]], catalogue: Catalogue) -> str:
    """Return why a message may not replace what it states again; "" when it may, or replaces nothing."""
    receipt = later[0].receipt
    if not restated or receipt.decision_id:
        return ""
    stands = f"Bản đã nhận ({restated[-1][0].receipt.message}) vẫn đứng. {how_to_decide(receipt, catalogue)}"
    if not is_proved(receipt):
        return f"Thư này nêu lại số liệu đã nhận mà chưa chứng minh được người gửi. {stands}"
    known = {channel(earlier[0].receipt) for earlier in restated}
    if channel(receipt) not in known:
        return f"Thư này nêu lại số liệu đã nhận nhưng đến từ địa chỉ khác ({channel(receipt)}). {stands}"
    return ""


def _restates(earlier: list[_Doc], later: list[_Doc]) -> bool:
    """Return whether a later message states again a figure or an item that counts."""
    keys = {key for doc in later for key in doc.keys}
    insists = _says_it_replaces(later[0].receipt)
    return any(old.keys & keys or _repeats_items(old, later, insists) for old in earlier)


def _why_asked(later: list[_Doc], returned: _Doc | None, catalogue: Catalogue) -> str:
    """Return why a message that repeats a replaced version waits: it may be late, or it may take the newer one back."""
    receipt = later[0].receipt
    if returned is None or receipt.decision_id:
        return ""
    return (f"Thư này giống hệt {_name(returned)}, bản đã được thay bằng bản gửi sau: có thể là thư đến trễ, cũng có "
            f"thể đơn vị lấy lại số cũ. Bản gửi sau vẫn đứng. {how_to_decide(receipt, catalogue)}")


def _mark_twins(later: list[_Doc], counted: list[_Doc]) -> _Doc | None:
    """The same file sent twice counts once while its first copy stands; return a replaced one that is sent again.

    A file of which some figures were corrected only goes along with what is new beside it: the corrections stand.
    """
    returning: list[tuple[_Doc, _Doc]] = []
    for number, doc in enumerate(later):
        if not doc.says_anything or not _is_live(doc):     # of a part that was not read no later one is the twin
            continue
        same = [d for d in (*counted, *later[:number]) if d.document.sha256 == doc.document.sha256 and d.says_anything]
        if twin := next((d for d in same if _is_whole(d)), None):
            _repeat(doc, twin)
        elif same:
            returning.append((doc, same[-1]))
    has_news = any(_is_live(doc) for doc in later if all(doc is not old for old, _ in returning))
    for doc, twin in [pair for pair in returning if has_news and _is_live(pair[1])]:
        _repeat(doc, twin, ", những số đã được sửa sau đó vẫn theo bản sửa")
        returning.remove((doc, twin))
    return returning[-1][1] if returning else None


def _repeat(doc: _Doc, twin: _Doc, more_vi: str = "") -> None:
    doc.set_all("duplicate")
    doc.add("exact_duplicate", f"Tệp giống hệt {_name(twin)}; chỉ tính một lần{more_vi}.")


def _is_whole(doc: _Doc) -> bool:
    """Tell whether a document counts and nothing of it was replaced."""
    statuses = {o.use_status for o in doc.observations} | {i.use_status for i in doc.items}
    return "in_force" in statuses and "superseded" not in statuses


def _supersede_message(earlier: list[_Doc], later: list[_Doc], catalogue: Catalogue) -> bool:
    """Let a later message replace what it states again; return whether it stands for the whole earlier message."""
    news = {_key(o): (doc, o) for doc in later for o in doc.live}
    insists = _says_it_replaces(later[0].receipt)
    whole = False
    for old in earlier:
        again = old.keys & news.keys()
        if not again:
            whole |= _supersede_items(old, later, insists)
        elif _is_correction(old, later, again):
            _correct_figures(old, again, news, catalogue)
        else:
            _supersede_document(old, later, again, catalogue)
            whole = True
    return whole or (not any(d.says_anything and _is_live(d) for d in earlier) and any(_is_live(d) for d in later))


def _is_live(doc: _Doc) -> bool:
    return bool(doc.live) or any(i.use_status == "in_force" for i in doc.items)


def _is_correction(old: _Doc, later: list[_Doc], again: set[Key]) -> bool:
    """A correction names some of a document's figures; a new version states most of them again."""
    in_body = all(doc.is_body for doc in later if doc.keys & again)
    if in_body and (again < old.keys or _is_reply(later[0].receipt)):
        return True
    return len(again) < SAME_KIND * len(old.keys)


def _is_reply(receipt: Receipt) -> bool:
    return bool(receipt.in_reply_to) or bool(REPLY.match(receipt.subject))


def _says_it_replaces(receipt: Receipt) -> bool:
    return bool(REPLACES.search(receipt.subject))


def _correct_figures(
    old: _Doc, again: set[Key], news: dict[Key, tuple[_Doc, Observation]], catalogue: Catalogue
) -> None:
    before = {_key(o): o for o in old.live}
    old.set_figures("superseded", again)
    for key in sorted(again):
        doc, new = news[key]
        sentence = (
            f"Số “{before[key].raw_text}” ({_subject(new, catalogue)}) trong {_name(old)} "
            f"được thay bằng “{new.raw_text}” theo thư này; số cũ được giữ lại nhưng không dùng."
        )
        doc.add("correction_by_reply", sentence, new.sheet, new.cell, new.raw_text)


def _supersede_document(old: _Doc, later: list[_Doc], again: set[Key], catalogue: Catalogue) -> None:
    dropped = [o for o in old.live if _key(o) not in again and o.value is not None]
    old.set_figures("superseded", old.keys)
    old.set_items("superseded", {i.part for doc in later for i in doc.items if i.use_status == "in_force"})
    newer = _name(next(doc for doc in later if doc.keys & again))
    old.add("superseded_by_resubmission", f"Đã có bản gửi sau thay thế: {newer}. Bản này được lưu, không dùng.")
    if dropped:
        listed = "; ".join(sorted({f"{_subject(o, catalogue)}: {o.raw_text}" for o in dropped})[:8])
        later[0].add("figures_dropped", f"Bản gửi sau không còn {len(dropped)} số có trong {_name(old)}: {listed}.")


def _supersede_items(old: _Doc, later: list[_Doc], insists: bool) -> bool:
    """Replace a text by its new version: it says so, or it repeats half of the items."""
    if not _repeats_items(old, later, insists):
        return False
    old.set_items("superseded", {i.part for doc in later for i in doc.items if i.use_status == "in_force"})
    newer = _name(next(doc for doc in later if doc.items))
    old.add("superseded_by_resubmission", f"Đã có bản gửi sau thay thế: {newer}. Bản này được lưu, không dùng.")
    return True


def _repeats_items(old: _Doc, later: list[_Doc], insists: bool) -> bool:
    news = [i for doc in later for i in doc.items if i.use_status == "in_force"]
    mine = [i for i in old.items if i.use_status == "in_force"]
    if not news or not mine:
        return False
    repeated = {_words(i.text) for i in news}
    return insists or sum(_words(i.text) in repeated for i in mine) >= SAME_KIND * len(mine)


def _subject(observation: Observation, catalogue: Catalogue) -> str:
    """Return what a figure is about in the words of the catalogue."""
    indicator = catalogue.indicator_by_id.get(observation.indicator_id.partition("#")[0])
    area = catalogue.area_by_code.get(observation.area_code)
    name = indicator.label_vi if indicator else observation.indicator_id
    return f"{name}, {area.short_name if area else observation.area_code}"


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _name(doc: _Doc) -> str:
    file = "phần chữ của thư" if doc.is_body else f"tệp “{doc.document.file}”"
    return f"{file} ({doc.receipt.message})"


def _verdict(receipt: Receipt, docs: list[_Doc], replaced: dict[str, str]) -> Verdict:
    """Say what a receipt counts for from what became of its content."""
    if receipt.status not in ("received", "late"):
        return Verdict(receipt.status, receipt.reason_vi, receipt.supersedes)
    if held := next((d.held_vi for d in docs if d.held_vi), ""):
        return Verdict("quarantined", held)
    statuses = {o.use_status for d in docs for o in d.observations} | {i.use_status for d in docs for i in d.items}
    if "in_force" in statuses:
        return Verdict(receipt.status, receipt.reason_vi)
    if receipt.receipt_id in replaced and "rejected" not in statuses:
        return Verdict("superseded", "Đã có bản gửi sau thay thế.")
    if "rejected" in statuses:
        sentence = next(f.message_vi for d in docs for f in d.findings if f.kind in NOT_OURS)
        again = " Đơn vị đã gửi lại bản khác." if receipt.receipt_id in replaced else ""
        return Verdict("rejected", sentence + again)
    if "superseded" in statuses or "duplicate" in statuses:
        return Verdict("superseded", "Nội dung đã có trong thư khác của đơn vị.")
    faults = [f for d in docs for f in d.findings if f.severity != "note"]
    sentence = faults[0].message_vi if faults else "Không nhận ra số liệu hay nội dung báo cáo nào trong thư."
    return Verdict("rejected", sentence)


def _linked(verdicts: dict[str, Verdict], replaced: dict[str, str]) -> dict[str, Verdict]:
    for older, newer in replaced.items():
        verdicts[newer] = dataclasses.replace(verdicts[newer], supersedes=older)
    return verdicts


def _rebuilt(doc: _Doc, reading: DocumentReading) -> DocumentReading:
    content = dataclasses.replace(
        reading.reading,
        observations=tuple(doc.observations),
        narrative_items=tuple(doc.items),
        findings=tuple(doc.findings),
    )
    return dataclasses.replace(reading, reading=content)
