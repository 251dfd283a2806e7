"""The cluster's snapshots as they stand, with the settings and schedules; changed only through here.

`settle` brings all up to a moment: expired ones are deleted if autodelete is on, and deletion takes its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mendwatch_onefs_sim.answers import bad_request, not_found
from mendwatch_onefs_sim.snapshots.inventory import SETTINGS, starting_schedules, starting_snapshots
from mendwatch_onefs_sim.snapshots.snapshot import DELETING, Lock, Schedule, Snapshot

#: Seconds that the SnapshotDelete job needs for what waits for it.
_DELETION = 300
_MOST = 2**32 - 1


class SnapshotRegister:
    """Holds every snapshot in the order of ids. `stuck` keeps deletion from ever being done, as a paused job does."""

    def __init__(self, seed: int, epoch: int) -> None:
        self.settings = dict(SETTINGS)
        self.schedules: dict[str, Schedule] = {schedule.name: schedule for schedule in starting_schedules()}
        self.stuck = False
        self._snapshots = {snapshot.id: snapshot for snapshot in starting_snapshots(seed, epoch)}

    def settle(self, epoch: int) -> None:
        """Bring everything up to a moment."""
        if self.settings["autodelete"]:
            for snapshot in [one for one in self._snapshots.values() if one.overdue(epoch)]:
                self._snapshots[snapshot.id] = replace(snapshot, deleting=epoch)
        if not self.stuck:
            gone = [one.id for one in self._snapshots.values() if one.deleting is not None and one.deleting + _DELETION <= epoch]
            for key in gone:
                del self._snapshots[key]

    @property
    def newest_deletion(self) -> int:
        """When the deletion of a snapshot began last, 0 for never."""
        return max((one.deleting for one in self._snapshots.values() if one.deleting is not None), default=0)

    def all(self) -> list[Snapshot]:
        """Give every snapshot."""
        return list(self._snapshots.values())

    def add(self, snapshot: Snapshot) -> Snapshot:
        """Keep a new snapshot under the next id, and give it with that id."""
        made = replace(snapshot, id=max(self._snapshots, default=0) + 2)
        self._snapshots[made.id] = made
        return made

    def get(self, key: str) -> Snapshot:
        """Give a snapshot by its id or its name.

        Raises:
            PapiError: 404.
        """
        for snapshot in self._snapshots.values():
            if key == str(snapshot.id) or (key == snapshot.name and snapshot.state != DELETING):
                return snapshot
        raise not_found(f"Snapshot '{key}' was not found", "id")

    def delete(self, key: str, epoch: int) -> None:
        """Begin to delete a snapshot.

        Raises:
            PapiError: 404, or 400 where a lock keeps it.
        """
        snapshot = self.get(key)
        if snapshot.locks:
            raise bad_request(f"Snapshot '{key}' is locked and cannot be deleted", "id")
        self._snapshots[snapshot.id] = replace(snapshot, deleting=snapshot.deleting or epoch)

    def change(self, key: str, body: object) -> None:
        """Change name or expiry as the body of a PUT says; an expiry of null is never.

        Raises:
            PapiError: 404, or 400 with the field; nothing is changed then.
        """
        snapshot = self.get(key)
        for name, value in _fields(body, {"name", "expires"}).items():
            if name == "name" and not (isinstance(value, str) and value):
                raise bad_request("Value of 'name' is not a name", "name")
            if name == "expires" and value is not None and not _is_time(value):
                raise bad_request("Value of 'expires' is not a time", "expires")
            changed: Mapping[str, object] = {name: value}
            snapshot = replace(snapshot, **changed)  # type: ignore[arg-type]
        self._snapshots[snapshot.id] = snapshot

    def lock(self, key: str, comment: str) -> None:
        """Let a lock keep a snapshot.

        Raises:
            PapiError: 404.
        """
        snapshot = self.get(key)
        self._snapshots[snapshot.id] = replace(snapshot, locks=(*snapshot.locks, Lock(len(snapshot.locks) + 1, comment)))

    def configure(self, body: object) -> None:
        """Change settings as the body of a PUT says.

        Raises:
            PapiError: 400 with the field; nothing is changed then.
        """
        fields = _fields(body, set(self.settings))
        for name, value in fields.items():
            fits = isinstance(value, bool) if name != "reserve" else isinstance(value, int | float) and 0 <= value <= 100  # noqa: PLR2004 - a percentage
            if not fits:
                raise bad_request(f"Value of '{name}' is not valid", name)
        self.settings.update(fields)


def _fields(body: object, known: set[str]) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise bad_request("The body is not an object")
    for name in body:
        if name not in known:
            raise bad_request(f"Invalid field: '{name}'", str(name))
    return body


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST
