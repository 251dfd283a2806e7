"""The datasets with their pinned workloads, and the limits of those: what a person sets so that one client leaves room for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mendwatch_onefs_sim.answers import bad_request, not_found
from mendwatch_onefs_sim.summaries.state import Client

#: What a person may tell workloads apart by, and what only the system does.
METRICS = (
    "export_id", "groupname", "local_address", "path", "protocol", "remote_address", "share_name", "username", "zone_name",
)  # fmt: skip
SYSTEM_METRICS = ("job_type", "system_name")
SYSTEM = "System"
#: Datasets beside the system's.
MOST_DATASETS = 4
MOST_WORKLOADS = 1024
#: The one limit that is simulated: operations of protocols per second.
LIMIT = "protocol_ops"


@dataclass(frozen=True, slots=True)
class Workload:
    """A pinned workload: what it is known by, its name, and its limit in operations per second (None: no limit)."""

    id: int
    values: Mapping[str, str | int]
    created: int
    name: str = ""
    limit: int | None = None

    def matches(self, facts: Mapping[str, object]) -> bool:
        """Tell whether this is the workload of somebody of whom these facts are known."""
        return all(facts.get(metric) == value for metric, value in self.values.items())


@dataclass(slots=True)
class Dataset:
    """A dataset: what it tells workloads apart by, and the workloads that are pinned."""

    id: int
    name: str
    metrics: tuple[str, ...]
    created: int
    filters: tuple[str, ...] = ()
    workloads: dict[int, Workload] = field(default_factory=dict)

    def workload(self, key: str) -> Workload:
        """Give a pinned workload.

        Raises:
            PapiError: 404.
        """
        found = self.workloads.get(int(key)) if key.isdecimal() else None
        if found is None:
            raise not_found(f"Workload '{key}' was not found", "id")
        return found

    def pin(self, values: Mapping[str, str | int], created: int, name: str, limit: int | None) -> Workload:
        """Pin another workload.

        Raises:
            PapiError: 400; there is no room, or it is pinned already.
        """
        if len(self.workloads) >= MOST_WORKLOADS:
            raise bad_request(f"A dataset has at most {MOST_WORKLOADS} pinned workloads")
        if any(one.values == values for one in self.workloads.values()):
            raise bad_request("A workload with these metric values is pinned already", "metric_values")
        made = Workload(1 + max(self.workloads, default=0), values, created, name, limit)
        self.workloads[made.id] = made
        return made


class Datasets:
    """Holds every dataset by its number; 0 is the system's own, and nobody changes it."""

    def __init__(self, start: int) -> None:
        self._kept = {
            0: Dataset(0, SYSTEM, SYSTEM_METRICS, start),
            1: Dataset(1, "users", ("protocol", "username", "zone_name"), start),
        }

    def all(self) -> list[Dataset]:
        """Give every dataset in the order of numbers."""
        return [self._kept[number] for number in sorted(self._kept)]

    def find(self, key: str) -> Dataset | None:
        """Give the dataset of a number or a name."""
        return next((one for one in self.all() if key in {str(one.id), one.name}), None)

    def get(self, key: str) -> Dataset:
        """Give the dataset of a number or a name.

        Raises:
            PapiError: 404.
        """
        found = self.find(key)
        if found is None:
            raise not_found(f"Dataset '{key}' was not found", "id")
        return found

    def own(self, key: str) -> Dataset:
        """Give a dataset that may be changed.

        Raises:
            PapiError: 404, or 400 for the system's.
        """
        found = self.get(key)
        if not found.id:
            raise bad_request(f"The dataset {SYSTEM} cannot be modified", "id")
        return found

    def add(self, name: str, metrics: tuple[str, ...], filters: tuple[str, ...], created: int) -> Dataset:
        """Keep another dataset.

        Raises:
            PapiError: 400; there is no room, or the name is taken.
        """
        if self.find(name) is not None:
            raise bad_request(f"There is a dataset '{name}'", "name")
        free = [number for number in range(1, MOST_DATASETS + 1) if number not in self._kept]
        if not free:
            raise bad_request(f"There are at most {MOST_DATASETS} datasets")
        self._kept[free[0]] = Dataset(free[0], name, metrics, created, filters)
        return self._kept[free[0]]

    def remove(self, dataset: Dataset) -> None:
        """Forget a dataset with all that is pinned."""
        del self._kept[dataset.id]

    def allowed(self, client: Client) -> float:
        """Give the operations per second that a client may do: the least limit of the workloads that it is."""
        facts = facts_of(client.address, client.protocol, client.user)
        every = [workload for dataset in self.all() for workload in dataset.workloads.values()]
        return min([one.limit for one in every if one.limit is not None and one.matches(facts)], default=float("inf"))


def facts_of(address: str, protocol: str, user: str) -> dict[str, object]:
    """Give what is known of a client, by metric; the simulator has one access zone and no exports or shares."""
    return {"protocol": protocol, "remote_address": address, "username": user, "zone_name": "System"}
