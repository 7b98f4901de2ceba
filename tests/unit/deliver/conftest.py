"""An edition in real stores, ready to be delivered."""

from __future__ import annotations

import pytest

from flows.records import Edition, Output
from infra.archive import open_archive
from infra.catalogue import load_catalogue
from infra.ledger import open_ledger
from infra.settings import load_settings
from tests.patience import FAR_SECONDS

OFFICE_FILE = "application/vnd.openxmlformats-officedocument"
FILES = {
    "Báo cáo tháng 4-2019.docx": (b"docx" * 500, f"{OFFICE_FILE}.wordprocessingml.document"),
    "Báo cáo tháng 4-2019.pdf": (b"%PDF-1.7\n.\n..\n" * 300, "application/pdf"),
    "Số liệu.xlsx": (b"xlsx" * 100, f"{OFFICE_FILE}.spreadsheetml.sheet"),
    "trich.csv": ("chỉ tiêu,giá trị\n".encode(), "text/csv"),
    "trich.parquet": (b"PAR1", "application/vnd.apache.parquet"),
    "manifest.json": (b"{}\n", "application/json"),
}


def make_edition(archive, number: int = 1, **other_files: bytes) -> Edition:
    files = dict(FILES) | {name: (data, _media_type(name)) for name, data in other_files.items()}
    outputs = tuple(Output(name, archive.put(data), len(data), kind) for name, (data, kind) in files.items())
    manifest = f"{number} {sorted(o.sha256 for o in outputs)}".encode()
    archive.put_named(f"editions/2019-04/{number}/manifest.json", manifest)
    sha256 = archive.put(manifest)
    return Edition(f"2019-04-{number}", "2019-04", number, "build1", sha256, "2019-04-22T10:00:00+07:00", outputs)


def _media_type(name: str) -> str:
    return "text/csv" if name.endswith(".csv") else "application/pdf"


class Office:
    """Everything one delivery needs, over one home folder."""

    def __init__(self, home, **changes):
        import dataclasses

        self.settings = dataclasses.replace(load_settings(home), **{"release": "automatic"} | changes)
        self.archive = open_archive(self.settings)
        self.ledger = open_ledger(self.settings)
        self.catalogue = load_catalogue().at("2019-04")

    def addresses(self, recipient_id: str) -> tuple[str, ...]:
        return next(row.addresses for row in self.catalogue.recipients if row.recipient_id == recipient_id)

    def publish(self, number: int = 1, **other_files: bytes) -> Edition:
        edition = make_edition(self.archive, number, **other_files)
        self.ledger.add_edition(edition)
        return edition

    def deliver(self, edition, patience=None):
        from flows.deliver import deliver_edition
        from flows.deliver.mailer import Patience

        patience = patience or Patience(answer=FAR_SECONDS, final_answer=FAR_SECONDS, pauses=())
        deliveries = deliver_edition(
            self.settings, self.archive, self.ledger, self.catalogue, edition, patience
        )
        return {delivery.recipient_id: delivery for delivery in deliveries}


@pytest.fixture
def make_office(tmp_path):
    offices = []

    def make(**changes):
        offices.append(Office(tmp_path / "home", **changes))
        return offices[-1]

    yield make
    for office in offices:
        office.ledger.close()


@pytest.fixture
def office(make_office):
    return make_office()
