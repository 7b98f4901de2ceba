"""What a sender is told of the rules' verdicts: about their own cells only, whoever else's figures were compared.

A message is joined to a finding by the receipt of its cells, never by a name: "019.eml" comes every month.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flows.records import CellReference, Finding, Receipt
from flows.reply.marks import cell_text
from infra.catalogue import Catalogue

MOST_CELLS = 6


def verdicts_for(receipt: Receipt, findings: Iterable[Finding], catalogue: Catalogue) -> list[Finding]:
    """Return the failed findings that rest on a cell of this receipt, with those cells alone.

    A sentence that rests on figures of another submitter as well is not shown: the sender reads which of their own
    figures did not fit, and no figure that was not theirs.
    """
    told = []
    for finding in findings:
        own = tuple(cell for cell in finding.cells if cell.receipt_id == receipt.receipt_id)
        if finding.outcome == "fail" and own:
            is_all_theirs = all(cell.submitter_id == receipt.submitter_id for cell in finding.cells)
            sentence = finding.message_vi if is_all_theirs else _about_own_cells(own, catalogue)
            told.append(replace(finding, cells=own, message_vi=sentence))
    return told


def _about_own_cells(own: tuple[CellReference, ...], catalogue: Catalogue) -> str:
    named = [_cell_vi(cell, catalogue) for cell in own[:MOST_CELLS]]
    more = f"; và {len(own) - MOST_CELLS} ô khác" if len(own) > MOST_CELLS else ""
    return f"Chưa khớp khi đối chiếu với số liệu từ nguồn khác: {'; '.join(named)}{more}. Đề nghị kiểm tra lại."


def _cell_vi(cell: CellReference, catalogue: Catalogue) -> str:
    spot = " ".join(part for part in (cell.file, cell.sheet, cell.cell) if part not in ("", "(body)", "body"))
    return f"{cell_text(cell, catalogue)}{f' [{spot}]' if spot else ''}"
