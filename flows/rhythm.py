"""How often the standing server looks, and how long it waits before it tries again. All in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from flows.duties import AGAIN


@dataclass(frozen=True)
class Rhythm:
    """What a test shortens and nobody else changes.

    `look`: between two looks at what is due; `query`: between two questions of the scheduler for runs;
    `again`: before a failed month is tried anew; `restart`: before a child that died is begun anew, by the number
    of deaths in a row; `settled`: a child that lived so long has not died in a row; `answer`: between two questions
    whether the server answers; `silence`: a scheduler that says nothing for so long is ended; `stopped`: so is one that
    somebody stopped so long ago, and a run of it.
    """

    look: float = 60
    query: float = 5
    again: tuple[float, ...] = AGAIN
    restart: tuple[float, ...] = (1, 5, 15, 60)
    settled: float = 300
    answer: float = 10
    silence: float = 900
    stopped: float = 60
