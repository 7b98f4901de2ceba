"""Where everything is, from the environment. The only module that reads `TONGHOP_*` variables."""

from __future__ import annotations

import difflib
import os
import re
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from infra.clock import Clock, machine_clock
from infra.derived import seal_with
from infra.errors import OperationError
from infra.vietnamese import HANOI

PROJECT = Path(__file__).resolve().parent.parent
SET_UP = Path(sys.prefix) / "share" / "tonghop"      # what set-up made once, for every home
CATALOGUE = PROJECT / "dbt_project" / "seeds" / "catalogue"


RELEASES = ("approved", "automatic")     # what lets an edition leave the house in production
ENVIRONMENTS = ("development", "production")
SECURITIES = {"none": 25, "starttls": 587, "tls": 465}    # each with the port it usually has (RFC 8314)
PLACES = ("above", "below")           # where our mail server writes its results: above or beneath its Received line
TRUSTS = ("no", "by_hand")            # by_hand: a person of the house fills the inbox and vouches for every sender
VARIABLES = (
    "TONGHOP_HOME", "TONGHOP_ENVIRONMENT", "TONGHOP_ARCHIVE", "TONGHOP_S3_ENDPOINT", "TONGHOP_LEDGER",
    "TONGHOP_SMTP_HOST", "TONGHOP_SMTP_PORT", "TONGHOP_SMTP_USER", "TONGHOP_SMTP_PASSWORD", "TONGHOP_SMTP_SECURITY",
    "TONGHOP_SMTP_CA", "TONGHOP_MAIL_SENDER", "TONGHOP_APPROVED_DOMAINS", "TONGHOP_PREFECT",
    "TONGHOP_ANCHOR", "TONGHOP_AUDIT_KEY", "TONGHOP_RELEASE", "TONGHOP_KEYS",
    "TONGHOP_OPERATOR", "TONGHOP_PREFECT_PORT", "TONGHOP_MONTH_SCHEDULE", "TONGHOP_INBOX_SCHEDULE",
    "TONGHOP_AUTHSERV_ID", "TONGHOP_AUTHSERV_PLACE", "TONGHOP_INBOX_TRUSTED",
)
OTHERS = ("PREFECT_API_URL", "PREFECT_SERVER_API_AUTH_STRING")    # Prefect's own, which decide how we meet it
SECRETS = ("PREFECT_SERVER_API_AUTH_STRING",)
INTERNAL = ("TONGHOP_HELPER_CHANNEL", "TONGHOP_RUNNER")  # what a parent tells its child
DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"
MAIL_ADDRESS = r"[^\s@<>,;\"]+@(?i:" + DOMAIN + ")"
SCHEDULE = (r"@every [1-9]\d{0,5}s|\S+( +\S+){4}",
            "năm trường như cron, “30 17 18 * *” · five cron fields, @every 900s")
LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"      # of a host's name (RFC 1123)
SHAPES = {
    "TONGHOP_ARCHIVE": (r"s3://[a-z0-9][a-z0-9.-]+(?:/.*)?|(?!s3:|\w+:/).+", "một thư mục · a folder, s3://bucket/prefix"),
    "TONGHOP_ANCHOR": (r"/.+", "một thư mục, đường dẫn tuyệt đối · an absolute path of a folder"),
    "TONGHOP_AUDIT_KEY": (r"/.+", "một tệp, đường dẫn tuyệt đối · an absolute path of a file"),
    "TONGHOP_S3_ENDPOINT": (r"https?://[^\s/@]+(?:/\S*)?", "http://… hoặc https://…"),
    "TONGHOP_KEYS": (r"/.+", "một thư mục, đường dẫn tuyệt đối · an absolute path of a folder"),
    "TONGHOP_LEDGER": (r"sqlite:///[^\x00-\x1f]+|postgresql(?:\+psycopg)?://\S+",
                       "sqlite:///TỆP · FILE (trong thư mục dữ liệu · in the home), sqlite:////đường/dẫn/TỆP, "
                       "postgresql://…@máy-chủ/cơ-sở-dữ-liệu · …@host/database"),
    "TONGHOP_SMTP_HOST": (rf"(?=.{{1,253}}$){LABEL}(?:\.{LABEL})*|"
                          r"\[?[0-9a-fA-F:]*::?[0-9a-fA-F:.]*\]?",
                          "tên máy chủ, không có cổng · a host name without a port"),
    "PREFECT_API_URL": (r"https?://\S+", "http://127.0.0.1:4200/api"),
    # It travels in a header and is compared as ASCII.
    "PREFECT_SERVER_API_AUTH_STRING": (r"[!-9;-~]+:[!-~]+", "tên:mật-khẩu không dấu · name:password in ASCII"),
    "TONGHOP_MAIL_SENDER": (MAIL_ADDRESS, "một địa chỉ thư · one mail address"),
    "TONGHOP_OPERATOR": (MAIL_ADDRESS, "một địa chỉ thư · one mail address"),
    "TONGHOP_MONTH_SCHEDULE": SCHEDULE,
    "TONGHOP_INBOX_SCHEDULE": SCHEDULE,
    "TONGHOP_AUTHSERV_ID": (r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?",
                            "tên máy chủ ghi ở đầu dòng Authentication-Results · the name that begins that line"),
}


PATH = "một đường dẫn tuyệt đối, hoặc trong thư mục dữ liệu · an absolute path, or one in the home"


@dataclass(frozen=True)
class Settings:
    """Paths, addresses and switches of one installation.

    `environment` is "development" unless it says "production": only then can a real address be mailed.
    `archive_url` is a folder or s3://bucket/prefix; `ledger_url` an SQLAlchemy address.
    """

    home: Path
    environment: str
    archive_url: str
    s3_endpoint_url: str
    ledger_url: str = field(repr=False)      # may hold a password
    smtp_host: str           # "" = the local sink that writes .eml files
    smtp_port: int
    smtp_user: str
    smtp_password: str = field(repr=False)
    smtp_security: str       # "none", "starttls", "tls"
    mail_sender: str
    approved_domains: tuple[str, ...]
    with_prefect: bool = True
    smtp_authorities: str = ""    # a file of certificates to trust instead of the system's
    release: str = "approved"     # "approved", "automatic"
    audit_key_file: str = ""      # the key of the audit chain, outside the home; "" = the chain has none
    anchor_folder: str = ""       # where heads of the audit chain are noted as well; "" = in the archive only
    operator: str = ""             # whom the standing server tells of what needs a person
    prefect_port: int = 0          # of the standing server; 0 for the usual one, or any that is free
    month_schedule: str = ""       # "" = that of `infra/prefect.yaml`
    inbox_schedule: str = ""
    authserv_id: str = ""             # whose Authentication-Results count, in lower case; "" = no gateway is known
    authserv_place: str = "above"     # "above", "below"
    inbox_trusted: str = "no"         # "no", "by_hand"
    keys: str = ""                # folder of the keys; "" = in the home
    clock: Clock = field(default=machine_clock, repr=False, compare=False)

    def now(self) -> datetime:
        """Return this moment, in Hanoi's time."""
        return self.clock().astimezone(HANOI)

    @property
    def keys_folder(self) -> Path:
        return Path(self.keys) if self.keys else self.home / "keys"

    @property
    def needs_approval(self) -> bool:
        """Whether an edition waits for an approver; what does not leave this machine need not."""
        return self.is_production and self.release != "automatic"

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def is_inbox_trusted(self) -> bool:
        """Whether a person fills the inbox by hand; it counts only where no gateway proves senders."""
        return self.inbox_trusted == "by_hand"

    @property
    def warehouse_folder(self) -> Path:
        return self.home / "warehouse"

    @property
    def readings_folder(self) -> Path:
        return self.home / "readings"

    @property
    def outputs_folder(self) -> Path:
        return self.home / "outputs"

    @property
    def mailbox_folder(self) -> Path:
        return self.home / "mailbox"

    @property
    def handover_folder(self) -> Path:
        return self.home / "handover"


def load_settings(home: Path | str | None = None) -> Settings:
    """Return the settings of this process; `home` (or `TONGHOP_HOME`, or ./var) is made if it is not there.

    A variable that is blank counts as not set. A path that is relative is below the home, "~" is the user's folder.

    Raises:
        OperationError: A variable says something that it cannot, or the home folder cannot be written.
    """
    env = {name: os.environ[name] for name in VARIABLES if os.environ.get(name, "").strip()}
    env = {name: text if name == "TONGHOP_SMTP_PASSWORD" else text.strip() for name, text in env.items()}
    _check_others()
    folder = _path("TONGHOP_HOME", str(home or env.get("TONGHOP_HOME") or "var"))
    security = _word(env, "TONGHOP_SMTP_SECURITY", tuple(SECURITIES))
    found = Settings(
        home=folder,
        environment=_word(env, "TONGHOP_ENVIRONMENT", ENVIRONMENTS),
        archive_url=_archive_url(_shaped(env, "TONGHOP_ARCHIVE", "archive"), folder),
        s3_endpoint_url=_shaped(env, "TONGHOP_S3_ENDPOINT"),
        ledger_url=_ledger_url(env, "TONGHOP_LEDGER", folder),
        smtp_host=_shaped(env, "TONGHOP_SMTP_HOST"),
        smtp_port=_port(env, "TONGHOP_SMTP_PORT", SECURITIES[security]),
        smtp_user=env.get("TONGHOP_SMTP_USER", ""),
        smtp_password=env.get("TONGHOP_SMTP_PASSWORD", ""),
        smtp_security=security,
        smtp_authorities=_file(env, "TONGHOP_SMTP_CA", folder),
        mail_sender=_shaped(env, "TONGHOP_MAIL_SENDER", "tonghop@stttt-gialai.example"),
        approved_domains=_domains(env, "TONGHOP_APPROVED_DOMAINS"),
        release=_word(env, "TONGHOP_RELEASE", RELEASES),
        audit_key_file=_shaped(env, "TONGHOP_AUDIT_KEY"),
        anchor_folder=_shaped(env, "TONGHOP_ANCHOR"),
        with_prefect=_word(env, "TONGHOP_PREFECT", ("on", "off")) == "on",
        operator=_shaped(env, "TONGHOP_OPERATOR"),
        prefect_port=_port(env, "TONGHOP_PREFECT_PORT", 0),
        month_schedule=_shaped(env, "TONGHOP_MONTH_SCHEDULE"),
        inbox_schedule=_shaped(env, "TONGHOP_INBOX_SCHEDULE"),
        authserv_id=_shaped(env, "TONGHOP_AUTHSERV_ID").lower(),
        authserv_place=_word(env, "TONGHOP_AUTHSERV_PLACE", PLACES),
        inbox_trusted=_word(env, "TONGHOP_INBOX_TRUSTED", TRUSTS),
        keys=_shaped(env, "TONGHOP_KEYS"),
    )
    _ensure_writable(folder)
    seal_with(folder, found.keys_folder)
    return found


def unknown_variables() -> list[tuple[str, str]]:
    """Return the variables named TONGHOP_… that nobody reads, each with the name that was perhaps meant."""
    unknown = [name for name in os.environ if name.startswith("TONGHOP_") and name not in (*VARIABLES, *INTERNAL)]
    return [(name, next(iter(difflib.get_close_matches(name, VARIABLES, n=1)), "")) for name in sorted(unknown)]


def _word(env: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """Return one of the allowed words, the first when nothing is set."""
    word = env.get(name, allowed[0])
    if word not in allowed:
        raise _setting_error(name, word, ", ".join(allowed))
    return word


def _port(env: dict[str, str], name: str, usual: int) -> int:
    if name not in env:
        return usual
    text = env[name]
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not 1 <= int(text) <= 65535:
        raise _setting_error(name, text, "1–65535")
    return int(text)


def _shaped(env: dict[str, str], name: str, default: str = "") -> str:
    shape, allowed = SHAPES[name]
    if name in env and not re.fullmatch(shape, env[name]):
        raise _setting_error(name, env[name], allowed)
    return env.get(name, default)


def _check_others() -> None:
    """Refuse what Prefect would stumble over in the middle of a month; for it, a blank is no empty variable."""
    given = {name: os.environ[name] for name in OTHERS if os.environ.get(name)}
    for name in given:
        _shaped(given, name)
    url = given.get("PREFECT_API_URL", "")
    if url and not _host_of(url):
        raise _setting_error("PREFECT_API_URL", url, SHAPES["PREFECT_API_URL"][1])


def _archive_url(text: str, home: Path) -> str:
    return text if text.startswith("s3://") else str(_path("TONGHOP_ARCHIVE", text, home))


def _file(env: dict[str, str], name: str, home: Path) -> str:
    """Return the path of a file that is there and can be read, "" when nothing is set."""
    path = _path(name, env[name], home) if name in env else None
    if path and not (path.is_file() and os.access(path, os.R_OK)):
        raise _setting_error(name, env[name], "một tệp có sẵn và đọc được · a file that is there and can be read")
    return str(path or "")


def _ledger_url(env: dict[str, str], name: str, home: Path) -> str:
    """Return the address of a ledger that outlives this process: a file, or a database of a server."""
    url = _shaped(env, name, f"sqlite:///{home / 'ledger.sqlite'}")
    if name not in env:
        return url
    file = url.removeprefix("sqlite:///")
    if file == url:
        is_usable = _names_database(url)
    else:
        path = _path(name, file, home)
        is_usable = ":memory:" not in file and "mode=memory" not in file and _may_be_file(path) and path != home
        url = f"sqlite:///{path}"
    if not is_usable:
        raise _setting_error(name, env[name], SHAPES[name][1])
    return url


def _names_database(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(_host_of(url) or "host=" in parts.query) and parts.path.strip("/") != ""
    except ValueError:
        return False


def _may_be_file(path: Path) -> bool:
    try:
        return path.is_file() or not path.exists()
    except OSError:    # opening it will tell why
        return True


def _host_of(url: str) -> str:
    """Return the host of an address, "" when it names none or its port is no number."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.port is None or parts.port else ""
    except ValueError:
        return ""


def _path(name: str, text: str, below: Path | None = None) -> Path:
    """Return an absolute path; one that is relative is below a folder and stays there, or without one, where we are."""
    try:
        path = Path(text).expanduser()
        found = below / path if below else path.absolute()
    except (RuntimeError, FileNotFoundError):    # no such user; where we are is gone
        raise _setting_error(name, text, PATH) from None
    if below and not path.is_absolute() and not Path(os.path.normpath(found)).is_relative_to(os.path.normpath(below)):
        raise _setting_error(name, text, PATH)
    return found


def _domains(env: dict[str, str], name: str) -> tuple[str, ...]:
    domains = tuple(re.split(r"[\s,;]+", env.get(name, "").lower().strip(" ,;")))
    wrong = [domain for domain in domains if domain and not re.fullmatch(DOMAIN, domain)]
    if wrong:
        raise _setting_error(name, wrong[0], "gmail.com yahoo.com.vn …")
    return tuple(domain for domain in domains if domain)


def _setting_error(name: str, text: str, allowed: str) -> OperationError:
    """Return the sentence about one variable, without its text where that may hold a secret."""
    is_secret = name in SECRETS or ("://" in text and "@" in text) or text.startswith("postgresql")
    text = "" if is_secret else text
    shown_vi, shown_en = (f" đang là “{text}”,", f" is {text!r};") if text else ("", "")
    return OperationError(
        f"Cài đặt {name}{shown_vi} không dùng được; cần: {allowed}.",
        f"The setting {name}{shown_en} cannot be used; it takes: {allowed}.",
        place=f"biến môi trường · environment variable {name}",
        remedy_vi=f"Sửa hoặc bỏ biến {name} rồi chạy lại; xem bảng cài đặt trong README.",
    )


def _ensure_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise OperationError(
            f"Không ghi được vào thư mục dữ liệu {folder}.",
            f"The home folder {folder} cannot be written: {error.strerror}.",
            place=str(folder),
            remedy_vi="Cấp quyền ghi hoặc chọn thư mục khác bằng --home hay TONGHOP_HOME.",
        ) from error
