"""The cluster's quotas as they stand: found by id and by filter, changed only through here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from mendwatch_onefs_sim.answers import not_found
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.quotas.quota import DIRECTORY, Quota, quota_id


class QuotaRegister:
    """Holds every quota. Reads settle them first, so that a threshold crossed meanwhile is known."""

    def __init__(self, quotas: Iterable[Quota], seed: int) -> None:
        self._quotas = {quota.id: quota for quota in quotas}
        self._seed = seed
        self._made = len(self._quotas)

    def settle(self, now: float, epoch: int) -> None:
        """Bring every quota's exceeded thresholds up to a moment."""
        self._quotas = {key: quota.settled(now, epoch) for key, quota in self._quotas.items()}

    def all(self) -> list[Quota]:
        """Give every quota in the order of ids."""
        return sorted(self._quotas.values(), key=lambda quota: quota.id)

    def matching(self, query: Query) -> list[Quota]:
        """Give the quotas that pass the filters of a list request, in the order of ids.

        Raises:
            PapiError: a filter's value is wrong.
        """
        tests = _filters(query)
        return [quota for quota in self.all() if all(test(quota) for test in tests)]

    def get(self, key: str) -> Quota:
        """Give one quota.

        Raises:
            PapiError: 404.
        """
        if key not in self._quotas:
            raise not_found(f"Quota '{key}' was not found", "id")
        return self._quotas[key]

    def directory(self, path: str) -> Quota | None:
        """Give the directory quota of a path, or None."""
        return next((quota for quota in self.all() if quota.path == path and quota.type == DIRECTORY), None)

    def put(self, quota: Quota) -> None:
        """Keep a quota in place of the one with its id."""
        self._quotas[quota.id] = quota

    def remove(self, quota: Quota) -> None:
        """Forget a quota."""
        del self._quotas[quota.id]

    def like(self, quota: Quota) -> Quota | None:
        """Give the quota that counts the same: of this path, type and person, with or without snapshots."""
        same = (quota.path, quota.type, quota.persona, quota.include_snapshots)
        return next((one for one in self.all() if (one.path, one.type, one.persona, one.include_snapshots) == same), None)

    def add(self, quota: Quota) -> Quota:
        """Keep a new quota under the next id that nobody ever had, and give it with that id."""
        self._made += 1
        made = replace(quota, id=quota_id(self._made, self._seed))
        self.put(made)
        return made


def _filters(query: Query) -> list[Callable[[Quota], bool]]:
    tests: list[Callable[[Quota], bool]] = []
    if (kind := query.text("type")) is not None:
        tests.append(lambda quota: quota.type == kind)
    if (path := query.text("path")) is not None:
        below = path.rstrip("/") + "/" if query.flag("recurse_path_children") else None
        tests.append(lambda quota: quota.path == path or (below is not None and quota.path.startswith(below)))
    for name, value in (("enforced", _enforced), ("exceeded", _over), ("include_snapshots", _snapshots)):
        if (wanted := query.flag(name)) is not None:
            tests.append(_equals(value, wanted=wanted))
    return tests


def _equals(value: Callable[[Quota], bool], *, wanted: bool) -> Callable[[Quota], bool]:
    return lambda quota: value(quota) is wanted


def _enforced(quota: Quota) -> bool:
    return quota.enforced


def _over(quota: Quota) -> bool:
    return quota.over


def _snapshots(quota: Quota) -> bool:
    return quota.include_snapshots
