"""Where everything is, from the environment. The only module that reads `TONGHOP_*` variables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from infra.errors import OperationError

PROJECT = Path(__file__).resolve().parent.parent
CATALOGUE = PROJECT / "dbt_project" / "seeds" / "catalogue"


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
    ledger_url: str
    smtp_host: str           # "" = the local sink that writes .eml files
    smtp_port: int
    smtp_user: str
    smtp_password: str
    smtp_security: str       # "none", "starttls", "tls"
    mail_sender: str
    approved_domains: tuple[str, ...]

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

    Raises:
        OperationError: The home folder cannot be written.
    """
    env = os.environ
    folder = Path(home or env.get("TONGHOP_HOME") or "var").expanduser().absolute()
    _ensure_writable(folder)
    return Settings(
        home=folder,
        environment=env.get("TONGHOP_ENVIRONMENT", "development"),
        archive_url=env.get("TONGHOP_ARCHIVE", str(folder / "archive")),
        s3_endpoint_url=env.get("TONGHOP_S3_ENDPOINT", ""),
        ledger_url=env.get("TONGHOP_LEDGER", f"sqlite:///{folder / 'ledger.sqlite'}"),
        smtp_host=env.get("TONGHOP_SMTP_HOST", ""),
        smtp_port=int(env.get("TONGHOP_SMTP_PORT", "25")),
        smtp_user=env.get("TONGHOP_SMTP_USER", ""),
        smtp_password=env.get("TONGHOP_SMTP_PASSWORD", ""),
        smtp_security=env.get("TONGHOP_SMTP_SECURITY", "none"),
        mail_sender=env.get("TONGHOP_MAIL_SENDER", "tonghop@stttt-gialai.example"),
        approved_domains=tuple(env.get("TONGHOP_APPROVED_DOMAINS", "").split()),
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
