"""Which decisions hold: by the order in which they were recorded, whatever a clock said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra.ledger_records import Decision
from infra.standing import in_force, standings


def decision(number: int, kind: str, target: str, decided_at: str = "") -> Decision:
    return Decision(f"D{number}", kind, "2019-04", target, "1", "", "Lý do", "Lan", decided_at)  # type: ignore[arg-type]


def test_the_later_recorded_decision_holds_although_its_clock_was_behind() -> None:
    first = decision(1, "correct", "a", "2019-04-20T10:00:00+07:00")
    second = decision(2, "correct", "a", "2019-04-20T09:00:00+07:00")
    assert in_force([first, second]) == [second]
    assert standings([first, second]) == {"D1": "replaced", "D2": "holds"}


def test_a_withdrawn_withdrawal_brings_the_decision_back() -> None:
    kept = [decision(1, "waive", "F1"), decision(2, "withdraw", "D1"), decision(3, "withdraw", "D2")]
    assert in_force(kept) == [kept[0]]
    assert standings(kept) == {"D1": "holds", "D2": "withdrawn", "D3": "holds"}
    assert in_force(kept[:2]) == []


def test_of_a_release_and_a_refusal_of_one_message_the_later_holds() -> None:
    release, refusal = decision(1, "release", "r1"), decision(2, "refuse", "r1")
    assert in_force([release, refusal]) == [refusal] and in_force([refusal, release]) == [release]
    assert in_force([release, refusal, decision(3, "withdraw", "D2")]) == [release]


STEPS = st.lists(st.tuples(st.sampled_from(["correct", "supply", "waive", "withdraw"]), st.integers(0, 9)), max_size=10)


@given(steps=STEPS)
def test_standings_are_what_one_gets_by_undoing_and_redoing_step_by_step(steps: list[tuple[str, int]]) -> None:
    """The oracle reads forwards: what is there after each withdrawal, all of it computed anew."""
    recorded = [
        decision(number, kind, f"D{target % number}" if kind == "withdraw" and number else f"t{target % 3}")
        for number, (kind, target) in enumerate(steps) if not (kind == "withdraw" and number == 0)
    ]
    assert in_force(recorded) == oracle(recorded)


def oracle(recorded: list[Decision]) -> list[Decision]:
    def is_withdrawn(found: Decision) -> bool:
        return any(d.kind == "withdraw" and d.target == found.decision_id and not is_withdrawn(d) for d in recorded)

    live = [d for d in recorded if d.kind != "withdraw" and not is_withdrawn(d)]
    return [d for n, d in enumerate(live) if not any((x.kind, x.target) == (d.kind, d.target) for x in live[n + 1:])]
