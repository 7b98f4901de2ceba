"""What the commands show a person: tables, Vietnamese first with English beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table

from flows.records import Decision, Finding, Receipt
from flows.steps import MonthResult
from flows.terminal import clean, print_csv, print_json
from infra.vietnamese import SEVERITY_VI, STATUS_VI, moment_cell, moment_text, number_text

if TYPE_CHECKING:
    from infra.ledger import Ledger
    from infra.settings import Settings

SEVERITY_STYLE = {"blocking": "bold red", "warning": "yellow", "note": "dim"}
CHANNEL_VI = {"email": "thư điện tử", "document_system": "hệ thống văn bản", "paper": "bản giấy", "archive": "lưu"}
STATE_VI = {
    "accepted": "đã gửi", "rehearsed": "gửi thử", "pending": "chờ gửi", "claimed": "đang gửi", "rejected": "bị từ chối",
    "uncertain": "chưa rõ kết quả", "held": "chờ phê duyệt", "packaged": "đã đóng gói", "filed": "đã lưu",
}
SHOWN_FINDINGS = 12


class _CleanConsole(Console):
    """A console on which nothing that somebody sent can steer the terminal: only our own colours get through."""

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        return super()._render_buffer(s if s.control else Segment(clean(s.text), s.style) for s in buffer)


def _console() -> Console:
    console = _CleanConsole()
    return console if console.is_terminal else _CleanConsole(width=150)


def show_month(result: MonthResult) -> None:
    """Show one month at its end: submissions, findings, figures, outputs, mails."""
    console = _console()
    submissions = _submissions(result)
    console.print(_summary(result, submissions))
    _show_absent(console, submissions, result.receipts, result.notices)
    if result.findings:
        show_findings(result.findings, limit=SHOWN_FINDINGS)
    if result.edition:
        _show_edition(console, result)
    else:
        _show_stop(console, result)


def show_notices(notices: list[tuple[str, str]]) -> None:
    """Show the paths of an inbox that gave no receipt of this month, and why."""
    if notices:
        rows = [(name, sentence) for name, sentence in notices]
        show_rows(("Tệp · path", "Không nhận ở kỳ này vì · why not"), rows)


def show_report_check(checked: Any) -> None:
    """Show what a published report does not keep, and where it differs from the warehouse."""
    console = _console()
    table = Table(title="Quy tắc của báo cáo · rules", show_lines=True)
    for heading in ("Quy tắc · rule", "Kết luận · outcome", "Nội dung"):
        table.add_column(heading)
    outcomes = {"pass": "khớp", "fail": "không khớp", "undecided": "chưa rõ"}
    for verdict in checked.verdicts:
        style = SEVERITY_STYLE[verdict.severity] if verdict.outcome == "fail" else ""
        name = f"{', '.join(verdict.codes)} {verdict.rule_id}".strip()
        table.add_row(escape(name), outcomes[verdict.outcome], escape(verdict.message_vi), style=style)
    console.print(table)
    for difference in checked.differences:
        console.print(escape(difference.message_vi), style="bold red")
    compared = "" if checked.is_compared else " Tháng này chưa có kho số liệu. (No warehouse of that month.)"
    console.print(f"{len(checked.figures)} số liệu, {len(checked.verdicts)} kết luận.{compared}")


def _submissions(result: MonthResult) -> list[tuple[str, str]]:
    from infra.warehouse import fetch, open_build

    with open_build(result.settings, result.build_id) as connection:
        return list(fetch(
            connection, "select s.submitter_name, f.status from marts.fct_submissions as f"
            " join marts.dim_submitters as s using (submitter_id) where f.period = ? order by s.submitter_id",
            result.period,
        ))


def _summary(result: MonthResult, submissions: list[tuple[str, str]]) -> Table:
    from infra.warehouse import fetch, open_build

    with open_build(result.settings, result.build_id) as connection:
        row = fetch(
            connection,
            "select count(*) filter (completeness = 'complete'), count(*) from marts.fct_figures where period = ?",
            result.period,
        )[0]
    status = Counter(state for _, state in submissions)
    messages = Counter(receipt.status for receipt in result.receipts)
    severity = Counter(f.severity for f in result.findings if f.outcome != "pass")
    table = Table(title=f"Báo cáo tháng {result.period} · monthly report", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    table.add_row("Thư, tệp · messages", _counts(messages, STATUS_VI))
    table.add_row("Đơn vị · submitters", _counts(status, STATUS_VI))
    table.add_row("Phát hiện · findings", _counts(severity, SEVERITY_VI) or "không có · none")
    table.add_row("Số liệu · figures", f"{row[0]} đầy đủ trên {row[1]} · complete of all")
    if result.edition:
        table.add_row("Ấn bản · edition", f"{result.edition.edition_id}: {len(result.edition.outputs)} tệp · files")
        table.add_row("Gửi · deliveries", _counts(Counter(map(_state, result.deliveries)), STATE_VI))
    return table


def _counts(counter: Mapping[Any, int], words: dict[str, str]) -> str:
    return ", ".join(f"{count} {words.get(key, key)}" for key, count in sorted(counter.items(), key=lambda i: -i[1]))


def _show_absent(
    console: Console, submissions: list[tuple[str, str]], receipts: list[Receipt], notices: list[tuple[str, str]]
) -> None:
    odd = [(name, state) for name, state in submissions if state not in ("received",)]
    unused = [r for r in receipts if r.status not in ("received", "late")]
    if not odd and not unused and not notices:
        return
    table = Table("Đơn vị hoặc thư · who", "Tình trạng · status", "Ghi chú · note", title="Cần lưu ý · attention",
                  title_justify="left")
    for name, state in odd:
        table.add_row(name, STATUS_VI.get(state, state), "")
    for receipt in unused:
        table.add_row(escape(f"{receipt.message} ({receipt.sender_address or '?'})"),
                      STATUS_VI.get(receipt.status, receipt.status), escape(receipt.reason_vi))
    for name, sentence in notices:
        table.add_row(escape(name), "không tính ở kỳ này", escape(sentence))
    console.print(table)


def _show_edition(console: Console, result: MonthResult) -> None:
    edition = result.edition
    assert edition is not None
    folder = result.settings.outputs_folder / result.period / f"edition-{edition.number}"
    outputs = Table("Tệp · file", "Cỡ · bytes", "SHA-256", title=f"Kết quả trong · outputs in {folder}",
                    title_justify="left")
    for output in edition.outputs:
        outputs.add_row(output.name, number_text(output.size), output.sha256[:16])
    console.print(outputs)
    mailbox = f"Nơi nhận · recipients (hộp thư · mailbox: {result.settings.mailbox_folder})"
    console.print(_delivery_table(result.deliveries, mailbox))
    if result.undelivered:
        show_open(result.undelivered)


def _show_stop(console: Console, result: MonthResult) -> None:
    console.print(
        f"[bold red]Dừng trước khi phát hành:[/] {len(result.blocking)} phát hiện chặn chưa có quyết định.\n"
        f"  Trang của cán bộ tổng hợp · steward's page: {result.settings.home / 'steward' / result.period}.html\n"
        f"  Xem · list: tonghop findings --period {result.period}\n"
        f"  Giải thích · why: tonghop explain MÃ --period {result.period}\n"
        f"  Sửa · correct: tonghop correct Ô GIÁ_TRỊ --by NGƯỜI --reason LÝ_DO --period {result.period}\n"
        f"  Chấp nhận · accept: tonghop waive MÃ --by NGƯỜI --reason LÝ_DO --period {result.period}\n"
        "  rồi chạy lại lệnh month. (Then run the month again.)", highlight=False,
    )


def show_findings(findings: list[Finding], limit: int = 0) -> None:
    """Show findings, blocking ones first; with a limit, how many more there are."""
    console = _console()
    order = ("blocking", "warning", "note")
    ranked = sorted(findings, key=lambda f: (bool(f.decision), order.index(f.severity)))
    table = Table("Mã · id", "Mức · severity", "Nội dung · what", "Ô · cells", title="Phát hiện · findings",
                  title_justify="left", show_lines=True)
    for finding in ranked[: limit or None]:
        severity = SEVERITY_VI[finding.severity] + (" (đã quyết định)" if finding.decision else "")
        known = [c for c in finding.cells if c.observation_id]
        cells = "\n".join(f"{c.observation_id} {c.file}!{c.cell} = {c.value}" for c in known[:4])
        if len(finding.cells) > 4:
            cells += f"\n… và {len(finding.cells) - 4} ô nữa"
        table.add_row(finding.finding_id, f"[{SEVERITY_STYLE[finding.severity]}]{severity}[/]",
                      escape(_with_repair(finding)), escape(cells))
    console.print(table)
    if limit and len(ranked) > limit:
        console.print(f"… và {len(ranked) - limit} phát hiện nữa: tonghop findings. (… and more.)")


def _with_repair(finding: Finding) -> str:
    """Return what is wrong and, unless it is only a note, how it could be mended or why nothing is proposed."""
    return "\n".join(filter(None, (finding.message_vi, (finding.severity != "note" and finding.repair_vi) or "")))


def show_timings(seconds: dict[str, float], total: float) -> None:
    """Show the seconds of each step and of the whole command."""
    table = Table("Bước · step", "Giây · seconds", title="Thời gian · timings", title_justify="left")
    for name, value in seconds.items():
        table.add_row(name, f"{value:.2f}")
    table.add_row("tổng · total", f"{total:.2f}", style="bold")
    _console().print(table)


def show_receipts(receipts: list[Receipt]) -> None:
    """Show every message with its status."""
    table = Table("Thư · message", "Đơn vị · submitter", "Gửi lúc · sent", "Tình trạng · status", "Lý do · reason")
    for r in receipts:
        status = STATUS_VI.get(r.status, r.status)
        table.add_row(escape(r.message), r.submitter_id, moment_cell(r.sent_at), status, escape(r.reason_vi))
    _console().print(table)


def show_readings(readings: Iterable[Any], format: str) -> None:
    """Show what would be read from files: figures, work items, findings."""
    columns = ("period", "area_code", "indicator_id", "value", "unit_code", "obs_status", "qualifier", "file",
               "sheet", "cell", "raw_text")
    observations = [[getattr(o, name) for name in columns] for r in readings for o in r.observations]
    findings = [f for r in readings for f in r.findings]
    if format == "csv":
        print_csv(columns, observations)
        return
    if format == "json":
        for record in [dict(zip(columns, row, strict=True)) for row in observations] + [asdict(f) for f in findings]:
            print_json(record)
        return
    show_rows(columns, observations)
    items = [(i.part, i.section, i.text) for r in readings for i in r.narrative_items]
    if items:
        show_rows(("phần · part", "mục · section", "nội dung · text"), items)
    if findings:
        show_rows(("loại · kind", "vị trí · place", "nội dung · what", "cách xử lý · remedy"),
                  [(f.kind, f"{f.file} {f.sheet} {f.cell}".strip(), f.message_vi, f.remedy_vi) for f in findings])


def show_decisions(decisions: list[Decision]) -> None:
    """Show who decided what, and why."""
    columns = ("mã · id", "loại · kind", "đích · target", "giá trị · value", "thay cho · was", "người · by",
               "lý do · reason", "lúc · at")
    names = ("decision_id", "kind", "target", "value", "basis", "person", "reason")
    show_rows(columns, [[*(getattr(d, name) for name in names), moment_cell(d.decided_at)] for d in decisions])


def show_deliveries(deliveries: list[Any]) -> None:
    """Show each recipient's delivery with its proof."""
    _console().print(_delivery_table(deliveries, "Nơi nhận · recipients"))


def show_editions(settings: Settings, ledger: Ledger, period: str) -> None:
    """Show each edition of a month, how far it is, and who let it leave the house."""
    from flows.deliver import EDITION_STATE_VI, approved_by, edition_state

    columns = ("Ấn bản · edition", "Phát hành · published", "Tình trạng · state", "Phê duyệt · approved by")
    rows = []
    for edition in sorted(ledger.editions(period), key=lambda e: e.number):
        state = EDITION_STATE_VI[edition_state(settings, ledger, edition)]
        published = moment_text(edition.published_at)
        rows.append((edition.edition_id, published, state, approved_by(settings, ledger, edition)))
    show_rows(columns, rows)


def show_open(deliveries: list[Any]) -> None:
    """Show what is not done about deliveries, and what to do."""
    from flows.deliver import describe_open

    said = escape(describe_open(deliveries))
    _console().print(f"[bold red]Chưa gửi xong · not delivered:[/] {said}", highlight=False)


def _state(delivery: Any) -> str:
    return "rehearsed" if delivery.was_rehearsed else str(delivery.state)


def _delivery_table(deliveries: list[Any], title: str) -> Table:
    table = Table("Nơi nhận · recipient", "Kênh · channel", "Tình trạng · state", "Bằng chứng · proof", title=title,
                  title_justify="left")
    for d in deliveries:
        table.add_row(d.recipient_id, CHANNEL_VI.get(d.channel, d.channel), STATE_VI.get(_state(d), d.state),
                      escape(str(getattr(d, "proof", ""))))
    return table


def show_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Show plain rows as a table."""
    table = Table(*columns)
    for row in rows:
        table.add_row(*(escape("" if value is None else str(value)) for value in row))
    _console().print(table)
