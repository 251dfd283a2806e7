"""What can be made to go wrong between the cluster and its client: which answers are spoilt, how, and how often.

It must not know HTTP's library; `spoiling` carries a fault out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType, NoneType

from mendwatch.errors import UserError

KINDS = (
    "html_401", "bare_array", "truncated_body", "hang", "status", "close", "garbage", "content_type", "throttled", "unavailable",
    "resume_expired", "stat_errors", "lost_answer",
)  # fmt: skip

#: What JSON may give for each field of a fault; `body` may be anything.
_FIELDS: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "kind": (str,),
        "path": (str,),
        "method": (str, NoneType),
        "times": (int, NoneType),
        "seconds": (int, float),
        "status": (int, NoneType),
        "body": (object,),
        "headers": (dict,),
        "content_type": (str,),
        "node": (int, NoneType),
    }
)
_STATUSES = range(200, 600)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. It meets requests whose path starts with `path`; `times` None is all of them, until it is removed.

    `seconds` is how long `hang` waits. `status`, `body` (text, or what becomes JSON) and `headers` are what `status` answers;
    `status` is also the code of `bare_array`. `content_type` is what `content_type` calls the true answer. `throttled` (429) and
    `unavailable` (503) ask to come again after `seconds`; `resume_expired` refuses every next page; `stat_errors` takes an
    object of error codes by key as `body`; `lost_answer` does what is asked, and closes the
    connection without an answer. `node` is the logical number of the one node that it meets, None all.
    """

    kind: str
    path: str = "/platform"
    method: str | None = None
    times: int | None = 1
    seconds: float = 30.0
    status: int | None = None
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "text/html"
    node: int | None = None

    def meets(self, method: str, path: str, node: int) -> bool:
        """Tell whether a request to a node is to be spoilt."""
        return path.startswith(self.path) and self.method in {None, method} and self.node in {None, node}


class Faults:
    """Holds the faults that wait for a request, in the order in which they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let a fault wait for the next request that it meets.

        Raises:
            UserError: there is no such kind.
        """
        if fault.kind not in KINDS:
            raise UserError(f"there is no fault named {fault.kind!r}", hint=f"There are: {', '.join(KINDS)}.")
        self._faults.append(fault)

    def take(self, method: str, path: str, node: int) -> Fault | None:
        """Give the first fault that meets a request to a node and count it down."""
        for place, fault in enumerate(self._faults):
            if fault.meets(method, path, node):
                self._count_down(place)
                return fault
        return None

    def clear(self) -> None:
        """Forget every fault."""
        self._faults.clear()

    def waiting(self) -> list[Fault]:
        """Give the faults that wait."""
        return list(self._faults)

    def _count_down(self, place: int) -> None:
        times = self._faults[place].times
        if times is None:
            return
        if times > 1:
            self._faults[place] = replace(self._faults[place], times=times - 1)
        else:
            del self._faults[place]


def read_fault(body: object) -> Fault:
    """Read a fault from JSON: the fields of Fault, `kind` alone is needed; `times: null` means every request.

    Raises:
        UserError: the fields cannot be used.
    """
    if not isinstance(body, dict) or "kind" not in body or not set(body) <= set(_FIELDS):
        raise UserError("this is no fault", hint=f"Give an object with 'kind' and any of: {', '.join(sorted(_FIELDS))}.")
    wrong = sorted(name for name, value in body.items() if not isinstance(value, _FIELDS[name]))
    fault = Fault(**body)
    if wrong or (fault.status is not None and fault.status not in _STATUSES) or (fault.times is not None and fault.times < 1):
        raise UserError(f"this fault cannot be used: {', '.join(wrong) or 'status or times'}", hint="See Fault for each field.")
    return fault
