"""Where everything is, from the environment. The only module that reads `TONGHOP_*` variables."""

from __future__ import annotations

import difflib
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from infra.errors import OperationError

PROJECT = Path(__file__).resolve().parent.parent
SET_UP = Path(sys.prefix) / "share" / "tonghop"      # what set-up made once, for every home
CATALOGUE = PROJECT / "dbt_project" / "seeds" / "catalogue"


ENVIRONMENTS = ("development", "production")
SECURITIES = {"none": 25, "starttls": 587, "tls": 465}    # each with the port it usually has (RFC 8314)
VARIABLES = (
    "TONGHOP_HOME", "TONGHOP_ENVIRONMENT", "TONGHOP_ARCHIVE", "TONGHOP_S3_ENDPOINT", "TONGHOP_LEDGER",
    "TONGHOP_SMTP_HOST", "TONGHOP_SMTP_PORT", "TONGHOP_SMTP_USER", "TONGHOP_SMTP_PASSWORD", "TONGHOP_SMTP_SECURITY",
    "TONGHOP_SMTP_CA", "TONGHOP_MAIL_SENDER", "TONGHOP_APPROVED_DOMAINS", "TONGHOP_PREFECT",
    "TONGHOP_ANCHOR", "TONGHOP_AUDIT_KEY",
)
INTERNAL = ("TONGHOP_HELPER_CHANNEL",)  # what a parent tells its child
DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"
SHAPES = {
    "TONGHOP_ARCHIVE": (r"s3://[a-z0-9][a-z0-9.-]+(?:/.*)?|(?!s3:|\w+:/).+", "một thư mục · a folder, s3://bucket/prefix"),
    "TONGHOP_ANCHOR": (r"/.+", "một thư mục, đường dẫn tuyệt đối · an absolute path of a folder"),
    "TONGHOP_AUDIT_KEY": (r"/.+", "một tệp, đường dẫn tuyệt đối · an absolute path of a file"),
    "TONGHOP_S3_ENDPOINT": (r"https?://[^\s/@]+(?:/\S*)?", "http://… hoặc https://…"),
    "TONGHOP_LEDGER": (r"(?:sqlite|postgresql)(?:\+\w+)?://.*", "sqlite:///… hoặc postgresql+psycopg://…"),
    "TONGHOP_SMTP_HOST": (r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[?[0-9a-fA-F:]*::?[0-9a-fA-F:.]*\]?",
                          "tên máy chủ, không có cổng · a host name without a port"),
    "TONGHOP_MAIL_SENDER": (r"[^\s@<>,;\"]+@(?i:" + DOMAIN + ")", "một địa chỉ thư · one mail address"),
}


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
    audit_key_file: str = ""      # the key of the audit chain, outside the home; "" = the chain has none
    anchor_folder: str = ""       # where heads of the audit chain are noted as well; "" = in the archive only

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

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

    A variable that is blank counts as not set.

    Raises:
        OperationError: A variable says something that it cannot, or the home folder cannot be written.
    """
    env = {name: os.environ[name] for name in VARIABLES if os.environ.get(name, "").strip()}
    env = {name: text if name == "TONGHOP_SMTP_PASSWORD" else text.strip() for name, text in env.items()}
    folder = Path(home or env.get("TONGHOP_HOME") or "var").expanduser().absolute()
    security = _word(env, "TONGHOP_SMTP_SECURITY", tuple(SECURITIES))
    found = Settings(
        home=folder,
        environment=_word(env, "TONGHOP_ENVIRONMENT", ENVIRONMENTS),
        archive_url=_shaped(env, "TONGHOP_ARCHIVE", str(folder / "archive")),
        s3_endpoint_url=_shaped(env, "TONGHOP_S3_ENDPOINT"),
        ledger_url=_shaped(env, "TONGHOP_LEDGER", f"sqlite:///{folder / 'ledger.sqlite'}"),
        smtp_host=_shaped(env, "TONGHOP_SMTP_HOST"),
        smtp_port=_port(env, "TONGHOP_SMTP_PORT", SECURITIES[security]),
        smtp_user=env.get("TONGHOP_SMTP_USER", ""),
        smtp_password=env.get("TONGHOP_SMTP_PASSWORD", ""),
        smtp_security=security,
        smtp_authorities=env.get("TONGHOP_SMTP_CA", ""),
        mail_sender=_shaped(env, "TONGHOP_MAIL_SENDER", "tonghop@stttt-gialai.example"),
        approved_domains=_domains(env, "TONGHOP_APPROVED_DOMAINS"),
        audit_key_file=_shaped(env, "TONGHOP_AUDIT_KEY"),
        anchor_folder=_shaped(env, "TONGHOP_ANCHOR"),
        with_prefect=_word(env, "TONGHOP_PREFECT", ("on", "off")) == "on",
    )
    _ensure_writable(folder)
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
    text = env.get(name, str(usual))
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not 1 <= int(text) <= 65535:
        raise _setting_error(name, text, "1–65535")
    return int(text)


def _shaped(env: dict[str, str], name: str, default: str = "") -> str:
    shape, allowed = SHAPES[name]
    if name in env and not re.fullmatch(shape, env[name]):
        raise _setting_error(name, "" if "://" in env[name] and "@" in env[name] else env[name], allowed)
    return env.get(name, default)


def _domains(env: dict[str, str], name: str) -> tuple[str, ...]:
    domains = tuple(re.split(r"[\s,;]+", env.get(name, "").lower().strip(" ,;")))
    wrong = [domain for domain in domains if domain and not re.fullmatch(DOMAIN, domain)]
    if wrong:
        raise _setting_error(name, wrong[0], "gmail.com yahoo.com.vn …")
    return tuple(domain for domain in domains if domain)


def _setting_error(name: str, text: str, allowed: str) -> OperationError:
    """Return the sentence about one variable; `text` is empty where it may hold a secret."""
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
