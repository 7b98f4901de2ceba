"""What an operator asks first: do the stores, the engines and the mail server answer?"""

from __future__ import annotations

import contextlib
import importlib.metadata
import shutil
import smtplib
import time
from collections.abc import Callable

from infra import vietnamese
from infra.errors import CatalogueError, OperationError, TonghopError
from infra.settings import PROJECT, Settings, unknown_variables

FREE_ENOUGH = 500_000_000         # bytes: a month writes some 40 MB, its warehouse is written beside the one before
ENGINES = ("prefect", "dbt-core", "dbt-duckdb", "duckdb", "great-expectations", "boto3")


def examine(settings: Settings) -> list[tuple[str, bool, str]]:
    """Return one row per part: its name, whether it answers, and what it says."""
    checks: list[tuple[str, Callable[[Settings], str]]] = [
        ("Thư mục dữ liệu · home", _home),
        ("Chỗ trống · free disk", _disk),
        ("Giờ máy · clock", _clock),
        ("Cài đặt · settings", _variables),
        ("Danh mục · catalogue", _catalogue),
        ("Khóa · keys", _keys),
        ("Kho lưu trữ · archive", _archive),
        ("Sổ cái · ledger", _ledger),
        ("Thư đi · mail", _mail),
        ("Nơi nhận · deliveries", _deliveries),
        ("Thư đến · senders", _senders),
        ("Tiến trình đọc tệp · children", _children),
        ("Phần mềm · engines", lambda s: ", ".join(f"{n} {importlib.metadata.version(n)}" for n in ENGINES)),
        ("Prefect", _prefect),
        ("Máy chủ thường trực · standing server", _standing),
    ]
    return [_examine_one(name, check, settings) for name, check in checks]


def _examine_one(name: str, check: Callable[[Settings], str], settings: Settings) -> tuple[str, bool, str]:
    try:
        return name, True, check(settings)
    except (TonghopError, OSError, importlib.metadata.PackageNotFoundError) as error:
        return name, False, str(error)


def _variables(settings: Settings) -> str:
    unknown = unknown_variables()
    if unknown:
        named = "; ".join(f"{name}{f' (có phải {near}?)' if near else ''}" for name, near in unknown)
        raise OperationError(f"Biến môi trường không ai đọc: {named}.", f"Variables that nobody reads: {named}.",
                             remedy_vi="Sửa tên biến theo bảng cài đặt trong README, hoặc bỏ biến đó.")
    return settings.environment


def _home(settings: Settings) -> str:
    """Ask for a home that no other account of the machine can look into."""
    mode = settings.home.stat().st_mode & 0o077
    if mode:
        raise OperationError(
            f"Tài khoản khác trên máy vào được thư mục dữ liệu {settings.home} (quyền {mode:03o}).",
            f"Other accounts can enter the home (mode {mode:03o}).",
            place=str(settings.home), remedy_vi=f"Chạy: chmod 700 '{settings.home}'.",
        )
    return f"{settings.home}: chỉ tài khoản này vào được · private"


def _disk(settings: Settings) -> str:
    free = shutil.disk_usage(settings.home).free
    if free < FREE_ENOUGH:
        raise OperationError(
            f"Chỉ còn {free // 1_000_000} MB trống.", f"Only {free // 1_000_000} MB are free.",
            place=str(settings.home), remedy_vi=f"Dọn bớt để còn ít nhất {FREE_ENOUGH // 1_000_000} MB.",
        )
    return f"{free // 1_000_000_000} GB"


def _clock(settings: Settings) -> str:
    """Ask for a clock that can be right: receipts, deadlines and the audit chain are dated by it."""
    now = settings.now()
    shown = vietnamese.moment_text(now.isoformat())
    newest = max(path.stat().st_mtime for path in PROJECT.glob("*.lock"))
    if now.timestamp() < newest:
        raise OperationError(
            f"Đồng hồ máy ({shown}) chạy trước cả ngày cài phần mềm.",
            f"The clock ({now.isoformat()}) is before the day of installation.",
            remedy_vi="Chỉnh lại giờ máy (đồng bộ NTP) trước khi chạy tháng.",
        )
    return f"{shown} giờ Hà Nội · Hanoi (máy · machine: {time.strftime('%Z')})"


def _catalogue(settings: Settings) -> str:
    """Ask for a catalogue with which this month and the next can run."""
    from flows.coverage import uncovered_months
    from infra.catalogue import load_catalogue

    catalogue = load_catalogue()
    if missing := uncovered_months(settings.now()):
        months = ", ".join(period for period, _ in missing)
        raise CatalogueError(f"Danh mục chưa dùng được cho tháng {months}: {missing[0][1]}",
                             f"The catalogue does not serve {months}.")
    return f"{len(catalogue.submitters)} đơn vị, {len(catalogue.indicators)} chỉ tiêu, {len(catalogue.labels)} nhãn"


def _children(settings: Settings) -> str:
    """Ask a child which defences this system gives it; in production all are needed."""
    from flows.children import start_children
    from infra.confinement import DEFENCES

    with start_children(settings) as children:
        missing = children.wait_until_ready()
    if missing:
        said = "; ".join(DEFENCES[name] for name in missing)
        raise OperationError(f"Thiếu lớp bảo vệ: {said}.", f"Children lack: {', '.join(missing)}.",
                             remedy_vi="Dùng nhân Linux từ 5.13 có Landlock và seccomp; thiếu thì production từ chối.")
    return f"đủ lớp bảo vệ · all defences: {', '.join(DEFENCES)}"


def _keys(settings: Settings) -> str:
    """Ask for the key with which derived files are sealed; it is made when there is none yet."""
    from infra.derived import KEY
    from infra.keys import read_key

    read_key(settings.keys_folder, KEY)
    return f"{settings.keys_folder}: dùng được · usable"


def _archive(settings: Settings) -> str:
    from infra.archive import open_archive

    archive = open_archive(settings)
    archive.get(archive.put(b"tonghop doctor\n"))
    return f"{settings.archive_url}: ghi và đọc lại được · writes and reads back"


def _ledger(settings: Settings) -> str:
    from infra.anchors import read_heads
    from infra.archive import open_archive
    from infra.ledger import open_ledger

    count = open_ledger(settings).verify_audit(read_heads(settings, open_archive(settings)))
    key = "có khóa · keyed" if settings.audit_key_file else "không khóa · no key (TONGHOP_AUDIT_KEY)"
    where = settings.anchor_folder or "chỉ trong kho lưu trữ · in the archive only (TONGHOP_ANCHOR)"
    return f"{count} mục nhật ký, nguyên vẹn · audit entries, sound; {key}; mốc · heads: {where}"


def _mail(settings: Settings) -> str:
    from flows.deliver.mailer import Patience, connect, open_route

    if not settings.smtp_host and not settings.is_production:
        return f"hộp thư tại máy · local mailbox {settings.mailbox_folder}"
    with open_route(settings) as route:    # refuses the settings that delivery would refuse
        try:
            dialogue = connect(route, Patience(answer=10))
        except (smtplib.SMTPException, OSError) as error:
            raise OperationError(f"Máy chủ thư {route.name} không trả lời đúng.",
                                 f"The mail server {route.name} does not answer as one: {error}",
                                 remedy_vi="Kiểm tra TONGHOP_SMTP_HOST, TONGHOP_SMTP_PORT và đường mạng.") from error
        with contextlib.suppress(smtplib.SMTPException, OSError):
            dialogue.quit()
        dialogue.close()
    return f"{route.name} ({settings.smtp_security}{', đã đăng nhập · logged in' if settings.smtp_user else ''})"


def _deliveries(settings: Settings) -> str:
    """Ask for editions that reached everybody: what is open waits for a run or for a person."""
    from flows.deliver import describe_open
    from flows.delivering import open_lines

    waiting = open_lines(settings)
    if waiting:
        raise OperationError(f"{len(waiting)} nơi nhận chưa xong: {describe_open(waiting)}.",
                             f"{len(waiting)} deliveries are open.",
                             remedy_vi="Xem bằng tonghop deliveries; gửi lại bằng tonghop deliver THÁNG.")
    return "không còn gì chờ gửi · nothing is open"


def _senders(settings: Settings) -> str:
    """Say by what senders are proved; in production something must prove them."""
    if settings.authserv_id:
        ignored = "; TONGHOP_INBOX_TRUSTED không dùng · not used" if settings.is_inbox_trusted else ""
        return (f"chỉ tin kết quả của · only the results of {settings.authserv_id} "
                f"({settings.authserv_place} Received){ignored}")
    if settings.is_inbox_trusted:
        return "hộp thư do người chép tay · the inbox is filled by hand (TONGHOP_INBOX_TRUSTED)"
    vi = "Không có gì chứng minh người gửi: mọi bản gửi lại đều chờ người xác nhận"
    en = "Nothing proves senders: every replacement waits for a person"
    if settings.is_production:
        raise OperationError(f"{vi}.", f"{en}.", remedy_vi="Đặt TONGHOP_AUTHSERV_ID là tên máy chủ thư của Sở "
                             "(docs/how-to/prove-senders.md), hoặc TONGHOP_INBOX_TRUSTED=by_hand.")
    return f"{vi} · {en}"


def _prefect(settings: Settings) -> str:
    from flows.prefect_server import named_server

    if not settings.with_prefect:
        return "tắt · off (TONGHOP_PREFECT)"
    return named_server() or "khởi động mỗi lần chạy · started for each run"


def _standing(settings: Settings) -> str:
    """Say whether the schedules run, when a month is due next, and who is told of what needs a person."""
    from flows.deployments import month_schedule
    from flows.serving import LOCK
    from infra.locks import holder

    schedule = month_schedule(settings)
    if settings.is_production and not settings.operator:
        raise OperationError("Chưa khai báo người vận hành để báo tin.", "No operator is set who would be told.",
                             remedy_vi="Đặt TONGHOP_OPERATOR là một địa chỉ thư.")
    running = holder(settings.home / LOCK).partition(" ")[2]
    told = settings.operator or f"hộp thư tại máy · {settings.mailbox_folder}"
    return f"{running or 'không chạy · not running'}; {schedule.text}; báo tin · tells {told}"
