"""Every status of a receipt has words, wherever a person meets it."""

from __future__ import annotations

from typing import get_args

from flows.reply import letter
from infra.ledger_records import ReceiptStatus
from infra.vietnamese import STATUS_VI


def test_every_status_of_a_receipt_has_its_words() -> None:
    assert set(get_args(ReceiptStatus)) <= set(STATUS_VI)
    assert set(get_args(ReceiptStatus)) == set(letter.STATUS_VI)
