"""Event groups as they stand: opened by incidents, resolved and ignored by people and playbooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from mendwatch_onefs_sim.answers import bad_request, not_found
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.events.definitions import NODE_CATEGORIES, category_of

#: The first instance number; real clusters are in the hundred thousands after some years.
_FIRST = 724_900

QUOTA_THRESHOLD = ("QUOTA_THRESHOLD_VIOLATION", "SmartQuotas threshold violation", 500_010_001)
HEARTBEAT = ("SW_CELOG_HEARTBEAT", "CELOG heartbeat self-test", 400_050_004)
VAR_FULL = ("SYS_DISK_VARFULL", "The /var partition is near capacity", 100_010_001)

USER = "USER"


@dataclass(frozen=True, slots=True)
class EventGroup:
    """One occurrence; times are epoch seconds, 0 is never (as the API says it).

    Its `events` are alike but for their time; `last_event` is the newest one's, 0 while there is one only.
    """

    id: str
    sequence: int
    cause: tuple[str, str, int]
    severity: str
    message: str
    devid: int
    lnn: int
    time: int
    specifier: Mapping[str, object] = field(default_factory=dict)
    value: float | None = None
    events: int = 1
    last_event: int = 0
    resolved: bool = False
    resolve_time: int = 0
    resolver: str = ""
    ignore: bool = False
    ignore_time: int = 0

    @property
    def about_node(self) -> bool:
        """Tell whether it is about the node that it names, and not about the whole cluster."""
        return category_of(self.cause[2]) in NODE_CATEGORIES


class EventGroups:
    """Holds every event group, oldest first."""

    def __init__(self) -> None:
        self._groups: dict[str, EventGroup] = {}

    def open(self, group: EventGroup) -> EventGroup:
        """Keep a new group under the next number, and give it with that number."""
        sequence = len(self._groups) + 1
        made = replace(group, id=str(_FIRST + sequence), sequence=sequence)
        self._groups[made.id] = made
        return made

    def open_groups(self) -> list[EventGroup]:
        """Give the groups that hold: neither resolved nor ignored."""
        return [group for group in self._groups.values() if not group.resolved and not group.ignore]

    def all(self) -> list[EventGroup]:
        """Give every group, oldest first."""
        return list(self._groups.values())

    def get(self, key: str) -> EventGroup:
        """Give one group.

        Raises:
            PapiError: 404.
        """
        if key not in self._groups:
            raise not_found(f"Eventgroup instance '{key}' was not found", "id")
        return self._groups[key]

    def matching(self, query: Query) -> list[EventGroup]:
        """Give the groups that pass the filters of a list request, oldest first.

        Raises:
            PapiError: a filter's value is wrong.
        """
        tests = _filters(query)
        return [group for group in self.all() if all(test(group) for test in tests)]

    def repeat(self, key: str, epoch: int) -> None:
        """Let another event of its kind join an open group.

        Raises:
            PapiError: 404.
        """
        group = self.get(key)
        self._groups[key] = replace(group, events=group.events + 1, last_event=epoch)

    def clear(self, key: str, epoch: int) -> None:
        """Let the cluster itself resolve a group, as when the cause is gone.

        Raises:
            PapiError: 404.
        """
        group = self.get(key)
        self._groups[key] = replace(group, resolved=True, resolve_time=epoch, resolver=f"{group.devid}.{group.sequence + 1}")

    def mark(self, keys: list[str], body: object, epoch: int) -> None:
        """Resolve or ignore groups as the body of a PUT says.

        Raises:
            PapiError: 400 with the field, or 404; nothing is changed then.
        """
        marks = _marks(body)
        for group in [self.get(key) for key in keys]:
            self._groups[group.id] = _marked(group, marks, epoch)


def _marks(body: object) -> dict[str, bool]:
    if not isinstance(body, dict) or not body:
        raise bad_request("The body is not an object with 'resolved' or 'ignore'")
    for name, value in body.items():
        if name not in {"resolved", "ignore"}:
            raise bad_request(f"Invalid field: '{name}'", str(name))
        if not isinstance(value, bool):
            raise bad_request(f"Value of '{name}' is not of type boolean", str(name))
    return body


def _marked(group: EventGroup, marks: dict[str, bool], epoch: int) -> EventGroup:
    if "resolved" in marks and marks["resolved"] != group.resolved:
        done = marks["resolved"]
        group = replace(group, resolved=done, resolve_time=epoch if done else 0, resolver=USER if done else "")
    if "ignore" in marks and marks["ignore"] != group.ignore:
        group = replace(group, ignore=marks["ignore"], ignore_time=epoch if marks["ignore"] else 0)
    return group


def _filters(query: Query) -> list[Callable[[EventGroup], bool]]:
    tests: list[Callable[[EventGroup], bool]] = []
    if (resolved := query.flag("resolved")) is not None:
        tests.append(lambda group: group.resolved is resolved)
    if (ignore := query.flag("ignore")) is not None:
        tests.append(lambda group: group.ignore is ignore)
    if severities := query.words("severity"):
        tests.append(lambda group: group.severity in severities)
    if (cause := query.text("cause")) is not None:
        tests.append(lambda group: group.cause[0] == cause)
    if (begin := query.number("begin")) is not None:
        tests.append(lambda group: not group.resolved or group.resolve_time >= begin)
    if (end := query.number("end")) is not None:
        tests.append(lambda group: group.time <= end)
    return tests
