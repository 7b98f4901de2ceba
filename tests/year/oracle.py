"""What must be so, from plain dictionaries: letters, persons' words, months. It knows nothing of the product."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.year.letters import Letter

Figures = dict[tuple[str, str], int]
ALL = "_T"                     # of the province


@dataclass(frozen=True)
class Word:
    """What a person decided. `target` is what it is about; what comes later about the same target replaces it."""

    kind: str                  # correct, waive_over, waive_question, release, refuse
    month: str
    target: tuple[str, ...]
    basis: tuple[int, ...] = ()
    value: int = 0
    decision_id: str = ""      # under which the ledger noted it


@dataclass
class Oracle:
    """Letters received with their place in the order, persons' words, approvals; and what follows from them."""

    pairs: dict[str, tuple[str, str]]      # of each submitter the names of two figures: part and whole
    received: dict[str, tuple[int, int]] = field(default_factory=dict)     # SHA-256: number of the run, of the letter
    letters: dict[str, Letter] = field(default_factory=dict)
    words: list[Word] = field(default_factory=list)
    withdrawn: set[int] = field(default_factory=set)                       # places of words
    approved: set[str] = field(default_factory=set)                        # ids of editions
    once_approved: set[str] = field(default_factory=set)   # also those whose approval a restored ledger forgot

    def in_force(self) -> dict[tuple[str, ...], tuple[int, Word]]:
        """Return the last word about each target that was not withdrawn, with its place."""
        found = {}
        for place, word in enumerate(self.words):
            if place not in self.withdrawn:
                found[self._about(word)] = place, word
        return found

    def _about(self, word: Word) -> tuple[str, ...]:
        return ("letter" if word.kind in ("release", "refuse") else word.kind, *word.target)

    def of_month(self, month: str) -> list[Letter]:
        """Return what was received for a month, in the order in which it came."""
        mine = [letter for sha, letter in self.letters.items() if letter.filed == month and sha in self.received]
        return sorted(mine, key=lambda letter: self.received[letter.sha256])

    def standing(self, month: str) -> tuple[dict[tuple[str, str], Letter], list[Letter]]:
        """Return whose word stands for each figure of a submitter, and the letters that wait for a person."""
        words = self.in_force()
        owner: dict[tuple[str, str], Letter] = {}
        waiting = []
        stated: set[tuple[str, frozenset[tuple[str, int]]]] = set()
        for letter in self.of_month(month):
            word = words.get(("letter", letter.sha256))
            is_released = word is not None and word[1].kind == "release"
            content = letter.submitter, frozenset(letter.values.items())
            if (word and not is_released) or not (letter.is_believed or is_released):
                continue
            keys = [(letter.submitter, name) for name in letter.values]
            if content in stated and not is_released:
                stands = all(owner[key].values == letter.values for key in keys)
                waiting += [] if stands else [letter]       # what was replaced and comes again is asked about
                continue
            restated = [owner[key] for key in keys if key in owner]
            if restated and not is_released and letter.address not in {old.address for old in restated}:
                waiting.append(letter)
                continue
            stated.add(content)
            owner |= dict.fromkeys(keys, letter)
        reporting = {submitter for submitter, _ in owner}
        for letter in self.of_month(month):
            if letter.is_unproved and letter.submitter in reporting and ("letter", letter.sha256) not in words:
                waiting.append(letter)
        return owner, waiting

    def own_figures(self, month: str) -> Figures:
        """Return what each submitter's figures are, corrections applied where they still find what they replace."""
        words, found = self.in_force(), {}
        for (submitter, name), letter in self.standing(month)[0].items():
            stated = letter.values[name]
            word = words.get(("correct", letter.sha256, name))
            found[submitter, name] = word[1].value if word and word[1].basis == (stated,) else stated
        return found

    def figures(self, month: str) -> Figures:
        """Return every figure to be published: the submitters' own, and the province's sums."""
        own = self.own_figures(month)
        names = {name for _, name in own}
        return own | {(ALL, name): sum(v for (_, n), v in own.items() if n == name) for name in names}

    def overs(self, month: str) -> dict[str, tuple[int, int]]:
        """Return the submitters whose part exceeds the whole, with both."""
        own = self.own_figures(month)
        both = {s: (own[s, part], own[s, whole]) for s, (part, whole) in self.pairs.items()
                if (s, part) in own and (s, whole) in own}
        return {submitter: pair for submitter, pair in both.items() if pair[0] > pair[1]}

    def open_questions(self, month: str) -> set[tuple[str, ...]]:
        """Return what blocks a month: nobody has accepted it with exactly these values."""
        words = self.in_force()
        open_: set[tuple[str, ...]] = set()
        for submitter, pair in self.overs(month).items():
            word = words.get(("waive_over", month, submitter))
            if not (word and word[1].basis == pair):
                open_.add(("over", submitter))
        for letter in self.standing(month)[1]:
            if ("waive_question", month, letter.sha256) not in words:
                open_.add(("question", letter.sha256))
        return open_

    def say(self, word: Word) -> None:
        """Take a person's word; the same word while it holds is said already."""
        known = self.in_force().get(self._about(word))
        if not (known and known[1] == word):
            self.words.append(word)

    def see(self, shas: Iterable[str], run: int) -> None:
        """Note what a run received: what is new comes after everything before."""
        present = set(shas)
        for sha in [sha for sha in self.received if sha not in present]:
            del self.received[sha]         # a ledger was put back from a copy: it comes in again
        for sha in present:
            if sha in self.letters:
                self.received.setdefault(sha, (run, self.letters[sha].number))
