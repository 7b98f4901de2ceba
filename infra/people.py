"""The persons of the office who have a say, from the catalogue: who may approve an edition is a row, not a text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from infra.catalogue import FOREVER
from infra.catalogue_cells import Day, Identifier, OptionalDay
from infra.catalogue_files import row_error
from infra.catalogue_rows import read_table
from infra.errors import OperationError
from infra.settings import CATALOGUE
from infra.statements import stated

ROLES = ("steward", "approver")
PEOPLE = CATALOGUE / "people.csv"


@dataclass(frozen=True, slots=True)
class Person:
    """One person. `roles`: steward (decides on figures), approver (lets an edition leave the house)."""

    person_id: Identifier
    person_name: str
    roles: tuple[str, ...]
    valid_from: Day
    valid_to: OptionalDay
    KEY: ClassVar = ("person_id",)


def load_people(path: Path = PEOPLE) -> tuple[Person, ...]:
    """Return every row of people.csv.

    Raises:
        CatalogueError: A row is wrong, names a role that is none, or an id or a name twice; the place is file and
            line.
    """
    table, seen = read_table(path, Person), set()
    for line, person in table.numbered():
        unknown = [role for role in person.roles if role not in ROLES]
        if unknown:
            raise row_error(path, line, f"“{unknown[0]}” không phải vai trò: {', '.join(ROLES)}",
                            f"{unknown[0]!r} is no role: {', '.join(ROLES)}")
        for known in (person.person_id, person.person_name):   # a decision bears the name: it must tell who decided
            if known in seen:
                raise row_error(path, line, f"“{known}” đã có ở dòng trên; trùng tên thì ghi thêm để phân biệt",
                                f"{known!r} stands above; of two persons of one name say more")
            seen.add(known)
    return table.rows


def person_in_role(named: str, role: str, day: str, path: Path = PEOPLE) -> Person:
    """Return the person with that id who has a role on a day ("2019-04-22"); a name is a text that anybody may type.

    Raises:
        OperationError: There is none.
    """
    able = [p for p in load_people(path) if role in p.roles and p.valid_from <= day <= (p.valid_to or FOREVER)]
    found = [p for p in able if named == p.person_id]
    if len(found) != 1:
        raise OperationError(
            f"“{named}” không có vai trò {role} trong danh mục people.csv vào ngày {day}.",
            f"{named!r} has no role {role} in people.csv on {day}.", place=str(path),
            remedy_vi=f"Ghi mã của người có vai trò này: {', '.join(p.person_id for p in able) or 'chưa có ai'}.",
        )
    return found[0]


def deciding_person(named: str, day: str) -> str:
    """Return the name of the steward who decides; what anybody can type is no person.

    Args:
        named: Id of a row of people.csv that has the role "steward".
        day: The day of the decision ("2019-04-22").

    Raises:
        SubmissionError: Nobody is named.
        OperationError: Whoever is named is no steward.
    """
    return person_in_role(stated(named, "người quyết định", "--by"), "steward", day).person_name
