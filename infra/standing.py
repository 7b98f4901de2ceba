"""Which decisions hold. The only definition: the ledger, the gate and the warehouse all take it from here.

A decision holds until a later one withdraws it or decides the same target anew; a withdrawal may itself be withdrawn.
What comes later is what was recorded later, whatever a clock said. Whether a correction still finds the value that it
replaces, or a waiver the values it accepts, is for whoever applies it: that needs the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from infra.ledger_records import Decision

Standing = Literal["holds", "replaced", "withdrawn"]
SAME = {"refuse": "release"}     # kinds that decide the same thing: the later of the two holds


def standings(decisions: Sequence[Decision]) -> dict[str, Standing]:
    """Return what became of each decision, by id; `decisions` in the order in which they were recorded."""
    found: dict[str, Standing] = {}
    withdrawn: set[str] = set()
    decided: set[tuple[str, str]] = set()
    for decision in reversed(decisions):
        target = (SAME.get(decision.kind, decision.kind), decision.target)
        if decision.decision_id in withdrawn:
            found[decision.decision_id] = "withdrawn"
        elif decision.kind == "withdraw":
            withdrawn.add(decision.target)
            found[decision.decision_id] = "holds"
        elif target in decided:
            found[decision.decision_id] = "replaced"
        else:
            decided.add(target)
            found[decision.decision_id] = "holds"
    return found


def in_force(decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions that hold, withdrawals aside, in the order in which they were recorded."""
    found = standings(decisions)
    return [d for d in decisions if d.kind != "withdraw" and found[d.decision_id] == "holds"]
