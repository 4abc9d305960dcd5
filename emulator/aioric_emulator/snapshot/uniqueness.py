"""What several copies of one snapshot share, and where it is: the comparison of what they told. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Shared", "Uniqueness", "compare"]

ADVICE = {
    "random state": "every copy draws the same numbers; seed it after the restore",
    "names of temporary files": "every copy makes the same names; renew it after the restore",
    "name of a temporary file": "every copy has the same; make it after the restore",
    "uuid": "every copy has the same; make it after the restore, or when it is needed",
    "token": "every copy has the same; make it after the restore, or when it is needed",
    "time of the import": "it is the time of the snapshot; take it after the restore",
    "open socket": "its peer is gone after a restore; close it before the snapshot, connect after it",
    "open file": "every copy writes on at the same place; close it before the snapshot",
}


@dataclass(frozen=True, slots=True)
class Shared:
    """One thing that copies have in common: `where` is module.attribute, `what` says what it is."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {ADVICE.get(self.what, 'it is the same in every copy')}"


@dataclass(frozen=True, slots=True)
class Uniqueness:
    """The comparison of `copies` copies: what they share, and what could not be compared."""

    copies: int
    shared: tuple[Shared, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether every copy is unique, as far as can be seen."""
        return not self.shared

    def __str__(self) -> str:
        if self.is_clean:
            head = f"SnapStart: {self.copies} copies of the snapshot share nothing that should be unique"
        else:
            head = f"SnapStart: {self.copies} copies of the snapshot share what should be unique:"
        return "\n  ".join([head, *map(str, self.shared), *self.notes])


def compare(told: Sequence[dict[str, Any]]) -> Uniqueness:
    """Compare what copies told (see `aioric_snapshot.facts`)."""
    holders: dict[tuple[str, str, str], int] = {}
    for each in told:
        for fact in {tuple(fact) for fact in each["facts"]}:
            holders[fact] = holders.get(fact, 0) + 1
    shared = {Shared(where, what) for (where, what, _), count in holders.items() if count > 1}
    notes = []
    threads = max((each["threads"] for each in told), default=1) - 1
    if threads:
        those = "1 thread of the snapshot is" if threads == 1 else f"{threads} threads of the snapshot are"
        notes.append(f"{those} not in these copies, which are forks; on the platform they would go on")
    return Uniqueness(
        len(told), tuple(sorted(shared, key=lambda each: (each.where, each.what))), tuple(notes)
    )
