"""The `tonghop` command. Each command is a few lines: it reads its arguments, calls a step, prints a table.

Exit codes: 0 done (for `month`: published) · 2 wrong arguments · 3 stopped for findings · 4 a submission ·
5 the machine or a store · 6 the catalogue or a rule · 7 published, and not everybody has it · 1 a fault of ours,
with the place of its log.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from flows import cli_held, cli_operation
from flows.cli_options import (
    TOLD,
    Format,
    FormatOption,
    HomeOption,
    Period,
    PeriodOption,
    Person,
    Reason,
    known_month,
    settings_of,
)
from flows.terminal import code_of_output, print_csv, print_json, say, say_error, unfailing_output
from infra.errors import SubmissionError, TonghopError
from infra.machine_faults import told_in_words
from infra.process_state import PRIVATE

app = typer.Typer(
    name="tonghop",
    help="Kho báo cáo tháng: từ số liệu các đơn vị đến báo cáo trong hộp thư nơi nhận. "
    "(Monthly reporting: from the submissions to the report in each recipient's mailbox.)",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 160},
)
NEGATIVE_FIGURES = {"ignore_unknown_options": True}  # "-309" is a figure, not an option
INTERRUPTED = 130  # as a shell says of a program ended by Ctrl-C
FINDING_COLUMNS = ("finding_id", "rule_id", "severity", "outcome", "submitter_id", "area_code", "left", "right", "gap",
                   "message_vi", "decision")
TRACE_SHOWN = ("indicator_id", "submitter_id", "area_code", "value", "message", "file", "sheet", "cell", "raw_text")


@app.callback()
def _options(context: typer.Context, home: HomeOption = "") -> None:
    TOLD["command"] = context.invoked_subcommand or ""


def main() -> None:
    """Run the command line; a person's mistake ends in a sentence, never in a traceback.

    The exit code says what became of the work, which no screen changes; where the output is the work, it counts.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    os.umask(PRIVATE)
    with unfailing_output():
        exit_code = code_of_output(_run(), TOLD.get("command", ""))
    sys.exit(exit_code)


def _run() -> int:
    try:
        with told_in_words(os.environ.get("TONGHOP_HOME") or "var"):
            return int(app(standalone_mode=False) or 0)
    except TonghopError as error:
        say_error(error)
        return error.exit_code
    except TyperException as error:
        say("✗ Câu lệnh chưa đúng, xem bên dưới. (The command is not right, see below.)", is_error=True)
        error.show()  # type: ignore[attr-defined]
        return 2
    except (KeyboardInterrupt, typer.Abort):
        say("Đã dừng theo yêu cầu; chạy lại sẽ làm tiếp. (Stopped; run again to go on.)", is_error=True)
        return INTERRUPTED
    except Exception:
        say(f"Lỗi của phần mềm, đã ghi tại {_log_fault()}. (A fault of ours, logged there.)", is_error=True)
        return 1


# ---------------------------------------------------------------- the month


@app.command()
def sample(
    period: Period,
    folder: Annotated[Path, typer.Argument(help="Thư mục ghi thư mẫu (where the messages go).")],
    with_errors: Annotated[bool, typer.Option("--with-errors", help="Cài năm lỗi (plant five errors).")] = False,
) -> None:
    """Ghi bộ thư mẫu của một tháng · write the sample submissions of a month."""
    from flows.sample import write_sample

    paths = write_sample(period, folder, with_errors=with_errors)
    say(f"Đã ghi {len(paths)} thư vào {folder}. ({len(paths)} messages written.)")


@app.command()
def month(
    period: Period,
    inbox: Annotated[str, typer.Option("--inbox", help="Thư mục thư và tệp nhận được (the inbox).")] = "",
    timings: Annotated[bool, typer.Option("--timings", help="In thời gian từng bước (where the time went).")] = False,
    plain: Annotated[bool, typer.Option("--no-prefect", help="Chạy không qua Prefect (without Prefect).")] = False,
    home: HomeOption = "",
) -> None:
    """Chạy trọn một tháng: nhận, đọc, dựng kho, kiểm tra, phát hành, gửi · run a whole month."""
    from flows import one_run, screen

    began = time.perf_counter()
    settings = settings_of(home)
    outcome = one_run.run_month(period, inbox, settings, plain=plain)
    with _shown_aside():
        screen.show_month(outcome.result)
        if timings:
            screen.show_timings(outcome.seconds, time.perf_counter() - began)
    raise typer.Exit(outcome.result.exit_code)


@app.command()
def receive(
    folder: Annotated[Path, typer.Argument(help="Thư mục thư và tệp (messages and files).")],
    period: PeriodOption,
    home: HomeOption = "",
) -> None:
    """Tiếp nhận thư và tệp vào kho lưu trữ · archive messages and files, one receipt each."""
    from flows import screen
    from flows.receive import receive_folder
    from infra.archive import open_archive
    from infra.catalogue import load_catalogue
    from infra.ledger import open_ledger

    settings = settings_of(home)
    catalogue, ledger = load_catalogue().at(period), open_ledger(settings)
    reception = receive_folder(settings, open_archive(settings), ledger, catalogue, period, folder)
    screen.show_receipts(ledger.receipts(period))
    screen.show_notices([*((n.name, n.sentence_vi) for n in reception.notices),
                         *((s.name, s.sentence_vi) for s in ledger.sightings(period))])


@app.command()
def read(
    files: Annotated[list[Path], typer.Argument(help="Tệp hoặc thư .eml (files or messages).")],
    sender: Annotated[str, typer.Option("--from", help="Địa chỉ hoặc mã đơn vị gửi (sender).")] = "",
    period: PeriodOption = "2019-04",
    format: FormatOption = Format.table,
) -> None:
    """Xem trước những gì đọc được từ một tệp, không lưu gì · show what would be read, storing nothing."""
    from flows import screen
    from flows.read.preview import preview_files
    from infra.catalogue import load_catalogue

    readings = preview_files(files, sender, period, load_catalogue().at(period))
    screen.show_readings(readings, format)


@app.command()
def observations(period: PeriodOption, format: FormatOption = Format.csv, home: HomeOption = "") -> None:
    """In từng số liệu đọc được với vị trí ô · every observation in force with its cell."""
    from flows.build import exports
    from infra.warehouse import open_current

    with open_current(settings_of(home), period) as connection:
        _print_rows(exports.OBSERVATION_COLUMNS, exports.observation_rows(connection, period), format)


@app.command()
def figures(period: PeriodOption, format: FormatOption = Format.csv, home: HomeOption = "") -> None:
    """In số liệu toàn tỉnh · the provincial figures."""
    from flows.build import exports
    from infra.warehouse import open_current

    with open_current(settings_of(home), period) as connection:
        _print_rows(exports.FIGURE_COLUMNS, exports.figure_rows(connection, period), format)


@app.command()
def trace(
    indicator: Annotated[str, typer.Argument(help="Mã chỉ tiêu (indicator id).")],
    period: PeriodOption,
    format: FormatOption = Format.table,
    home: HomeOption = "",
) -> None:
    """Truy một số liệu về các ô gốc · trace a figure to the cells it came from."""
    from flows.build import exports
    from infra.warehouse import open_current

    with open_current(settings_of(home), period) as connection:
        rows = exports.trace_rows(connection, period, indicator)
    if not rows:
        raise SubmissionError(f"Không có ô nào đứng sau chỉ tiêu {indicator} trong tháng {period}.",
                              f"No cell stands behind {indicator} in {period}.",
                              remedy_vi="Xem mã chỉ tiêu bằng lệnh tonghop figures.")
    columns: tuple[str, ...] = exports.TRACE_COLUMNS
    if format == Format.table:
        shown = [columns.index(name) for name in TRACE_SHOWN]
        columns, rows = TRACE_SHOWN, [tuple(row[i] for i in shown) for row in rows]
    _print_rows(columns, rows, format)


# ---------------------------------------------------------------- findings and decisions


@app.command()
def findings(period: PeriodOption, format: FormatOption = Format.table, home: HomeOption = "") -> None:
    """Liệt kê phát hiện của lần kiểm tra gần nhất · the findings of the last check."""
    from flows import screen
    from flows.all_findings import list_findings

    found = list_findings(settings_of(home), period)
    if format == Format.json:
        for finding in found:
            print_json(asdict(finding))
    elif format == Format.csv:
        rows = ((*(getattr(f, name) for name in FINDING_COLUMNS), ";".join(c.observation_id for c in f.cells))
                for f in found)
        print_csv((*FINDING_COLUMNS, "observation_ids"), rows)
    else:
        screen.show_findings(found)


@app.command()
def explain(
    finding: Annotated[str, typer.Argument(help="Mã phát hiện (finding id).")],
    period: PeriodOption = "",
    home: HomeOption = "",
) -> None:
    """Giải thích một phát hiện: ô nào, nên là bao nhiêu, vì sao · the cells, the likely cause, the repairs."""
    from flows.all_findings import explain_finding

    say(explain_finding(settings_of(home), period, finding))


@app.command(context_settings=NEGATIVE_FIGURES)
def correct(
    target: Annotated[str, typer.Argument(help="Mã ô số liệu (observation id).")],
    value: Annotated[str, typer.Argument(help="Giá trị đúng (the right value), như 16656 hay 4,48.")],
    person: Person,
    reason: Reason,
    period: PeriodOption,
    home: HomeOption = "",
) -> None:
    """Sửa một số liệu, có người và lý do; không đổi thư gốc · correct a figure; what was received stays."""
    from flows import decisions

    decision = decisions.correct(settings_of(home), period, target, value, reason, person)
    say(f"Đã ghi quyết định {decision.decision_id}: dùng {decision.value} thay cho {decision.basis}. (Recorded.)")


@app.command(context_settings=NEGATIVE_FIGURES)
def supply(
    submitter: Annotated[str, typer.Argument(help="Mã đơn vị (submitter id).")],
    area: Annotated[str, typer.Argument(help="Mã địa bàn (area code).")],
    indicator: Annotated[str, typer.Argument(help="Mã chỉ tiêu (indicator id).")],
    value: Annotated[str, typer.Argument(help="Giá trị (the value).")],
    person: Person,
    reason: Reason,
    period: PeriodOption,
    home: HomeOption = "",
) -> None:
    """Bổ sung một số liệu đơn vị chưa gửi · supply a figure that nobody sent."""
    from flows import decisions

    decision = decisions.supply(settings_of(home), period, submitter, area, indicator, value, reason, person)
    say(f"Đã ghi quyết định {decision.decision_id}: bổ sung {decision.value}. (Recorded.)")


@app.command()
def waive(
    finding: Annotated[str, typer.Argument(help="Mã phát hiện (finding id).")],
    person: Person,
    reason: Reason,
    period: PeriodOption,
    until: Annotated[str, typer.Option("--until", help="Hết hiệu lực, như 2019-12-31 (expiry).")] = "",
    home: HomeOption = "",
) -> None:
    """Chấp nhận một phát hiện như đang có, có người và lý do · accept one finding with its exact values."""
    from flows import decisions

    decision = decisions.waive(settings_of(home), period, finding, reason, person, until)
    say(f"Đã ghi quyết định {decision.decision_id}: chấp nhận {finding}. (Recorded.)")


@app.command()
def withdraw(
    decision: Annotated[str, typer.Argument(help="Mã quyết định (decision id).")],
    person: Person,
    reason: Reason,
    period: PeriodOption,
    home: HomeOption = "",
) -> None:
    """Rút lại một quyết định · withdraw a decision."""
    from flows import decisions

    decisions.withdraw(settings_of(home), period, decision, reason, person)
    say(f"Đã rút quyết định {decision}. (Withdrawn.)")


@app.command("decisions")
def list_decisions(period: PeriodOption, home: HomeOption = "") -> None:
    """Liệt kê quyết định của một tháng · the decisions of a month."""
    from flows import screen
    from infra.ledger import open_ledger

    screen.show_decisions(open_ledger(settings_of(home)).decisions(period))


# ---------------------------------------------------------------- operation


@app.command("check-rules")
def check_rules(home: HomeOption = "") -> None:
    """Kiểm tra danh mục, quy tắc, đề cương · check catalogue, rules and outline, with file and line."""
    from flows.soundness import periods_with_data, verify_everything

    count, months = verify_everything(periods_with_data(TOLD["home"]))
    say(f"Danh mục đúng; {count} quy tắc đúng; đã thử các tháng {', '.join(months)}. "
        f"(Catalogue, outline and {count} rules are sound in these months.)")


@app.command("read-report")
def read_report(
    file: Annotated[Path, typer.Argument(help="Báo cáo: .txt, .docx, .doc, .pdf (a published report).")],
    period: PeriodOption = "",
    format: FormatOption = Format.csv,
) -> None:
    """Đọc mọi số liệu của một báo cáo đã in · every figure of a published report, with its place."""
    from flows.reports import read_report_file

    columns = ("indicator_id", "value", "qualifier", "printed_decimals", "place", "raw_text")
    figures = read_report_file(file, period)
    _print_rows(columns, [tuple(str(getattr(figure, name)) for name in columns) for figure in figures], format)


@app.command("check-report")
def check_report(
    file: Annotated[Path, typer.Argument(help="Báo cáo: .txt, .docx, .doc, .pdf (a published report).")],
    against: Annotated[
        str, typer.Option("--against", help="Tháng của báo cáo, như 2019-04 (its month).", callback=known_month)
    ],
    format: FormatOption = Format.table,
    home: HomeOption = "",
) -> None:
    """Kiểm tra một báo cáo đã in theo quy tắc và theo kho số liệu · check a report against rules and warehouse."""
    from flows import screen
    from flows.reports import check_report_file

    checked = check_report_file(file, against, settings_of(home))
    records = [asdict(v) for v in checked.verdicts] + [asdict(d) for d in checked.differences]
    if format == Format.json:
        for record in records:
            print_json(record)
    elif format == Format.csv:
        columns = list(dict.fromkeys(name for record in records for name in record))
        print_csv(columns, ([record.get(name, "") for name in columns] for record in records))
    else:
        screen.show_report_check(checked)
    raise typer.Exit(0 if checked.is_sound else 3)


@app.command()
def doctor(home: HomeOption = "") -> None:
    """Kiểm tra cài đặt: kho, sổ cái, thư, phần mềm · do the stores, the engines and the mail server answer?"""
    from flows import screen
    from flows.doctor import examine

    rows = examine(settings_of(home))
    screen.show_rows(("phần · part", "", "trả lời · answer"), [(n, "✓" if ok else "✗", text) for n, ok, text in rows])
    raise typer.Exit(0 if all(ok for _, ok, _ in rows) else 5)


@app.command()
def serve(home: HomeOption = "") -> None:
    """Chạy thường trực theo lịch, với trang Prefect · the standing server with its schedules."""
    from flows.serving import serve_schedules

    serve_schedules(settings_of(home))


# ---------------------------------------------------------------- shared by the commands


def _print_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], format: Format) -> None:
    if format == Format.json:
        for row in rows:
            print_json(dict(zip(columns, row, strict=True)))
    elif format == Format.table:
        from flows import screen

        screen.show_rows(columns, rows)
    else:
        print_csv(columns, rows)


@contextlib.contextmanager
def _shown_aside() -> Iterator[None]:
    """What is shown at the end of a month is no part of it: a fault there is logged and said, and changes no code."""
    try:
        yield
    except Exception:
        say(f"Không hiện được bảng kết quả, đã ghi tại {_log_fault()}. (Not shown; logged there.)", is_error=True)


def _log_fault() -> str:
    """Write where the exception came from into the home's journal; return its place, or all of it if that fails."""
    from infra.journal import journal_file, note_fault, open_journal

    name = f"fault {uuid.uuid4().hex[:8]}"
    try:
        home = settings_of().home
        open_journal(home)
        note_fault(name)
        is_kept = name in journal_file(home).read_text(encoding="utf-8")
        return f"{journal_file(home)} ({name})" if is_kept else traceback.format_exc()
    except (TonghopError, OSError):
        return traceback.format_exc()


app.registered_commands.extend(cli_held.app.registered_commands)
app.registered_commands.extend(cli_operation.app.registered_commands)

if __name__ == "__main__":
    main()
