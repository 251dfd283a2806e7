"""Deputies: somebody who may decide lends their word to somebody else, from one moment until another.

A deputy's word counts as one voice for both, so a deputy makes no quorum and gets around no exclusion.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mendwatch.errors import UserError
from mendwatch.model.controls import Control, ControlKind
from mendwatch.store import ids
from mendwatch.store.interface import Store
from mendwatch.store.people import folded, plain

LONGEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Delegation:
    """`giver` lets `deputy` decide for them from `starts` until `ends`."""

    id: str
    giver: str
    deputy: str
    starts: datetime
    ends: datetime
    reason: str

    def holds(self, now: datetime) -> bool:
        """Whether it is now."""
        return self.starts <= now < self.ends


def of(control: Control) -> Delegation:
    """Read one."""
    value = {name: str(control.value.get(name, "")) for name in ("giver", "deputy", "starts", "ends", "reason")}
    starts, ends = datetime.fromisoformat(value["starts"]), datetime.fromisoformat(value["ends"])
    return Delegation(control.name, value["giver"], value["deputy"], starts, ends, value["reason"])


def held_by(controls: Iterable[Control], deputy: str, now: datetime, giver: str | None = None) -> Delegation | None:
    """Give a delegation to a deputy that holds now, from one giver or from anybody."""
    found = (one for one in map(of, controls) if folded(one.deputy) == folded(deputy) and one.holds(now))
    return next((one for one in found if giver is None or folded(one.giver) == folded(giver)), None)


async def give(store: Store, giver: str, deputy: str, starts: datetime, ends: datetime, *, actor: str, reason: str) -> Delegation:
    """Make one.

    Raises:
        UserError: it is to oneself, to a name that can be mistaken, or of no time or too long a time.
    """
    if not plain(giver) or not plain(deputy) or folded(giver) == folded(deputy):
        raise UserError("a deputy is another person, with a name of ASCII signs", hint="Give the name of their tokens' person.")
    if not timedelta(0) < ends - starts <= LONGEST:
        raise UserError(f"a delegation lasts up to {LONGEST.days} days", hint="Give --for such as 8h or 5d.")
    made = Delegation(ids.delegation_id(), giver, deputy, starts, ends, reason)
    value = {"giver": giver, "deputy": deputy, "starts": starts.isoformat(), "ends": ends.isoformat(), "reason": reason}
    await store.controls.set(ControlKind.DELEGATION, made.id, value, actor=actor, what="delegation.added", detail=value)
    return made


async def end(store: Store, delegation_id: str, *, actor: str) -> Delegation | None:
    """End one now; None where there is none of that name."""
    found = await store.controls.clear(ControlKind.DELEGATION, delegation_id, actor=actor, what="delegation.ended", detail={})
    return None if found is None else of(found)
