"""The envelope of resources that ask every node: who answered, and who did not. A node that is down is data, not a failure.

Nodes are known by their logical number, which people use; the device id (`id`) differs from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, Protocol, TypeVar

from mendwatch_onefs.decoding import number, whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.nested import objects
from mendwatch_onefs.session import OneFSSession

#: Seconds by which OneFS must give up on a slow node before we give up on the request.
_HEAD_START = 2.0
#: The largest logical number that a cluster can have is 252; one beyond 16 bits is no node.
_MOST = 65_535


class Part(Protocol):
    """What every node's part has. `status` is the HTTP status of a node that failed; some resources have a field of that name."""

    lnn: Any
    error: Any
    errors: Any
    status: Any


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Parts(Generic[P]):
    """The parts of those that answered by logical number, and the numbers of those that did not.

    `whole` tells whether every node answered, so that what is not here is not there.
    """

    answered: Mapping[int, P]
    silent: frozenset[int]
    whole: bool


def patience(session: OneFSSession) -> Mapping[str, str]:
    """Give the query that lets OneFS stop waiting for a slow node before we stop waiting for OneFS."""
    return {"timeout": str(max(1, int(session.options.timeout - _HEAD_START)))}


def parts_of(parts: Sequence[P] | None, errors: Any, resource: str, drift: Drift) -> Parts[P]:  # noqa: ANN401 - foreign data
    """Sort the parts. Two answers of one node contradict each other, so neither is believed; they and numberless ones are drift."""
    numbered = [(node_number(part.lnn), part) for part in parts or ()]
    good = [(lnn, part) for lnn, part in numbered if not _failed(part)]
    times = Counter(lnn for lnn, _ in good)
    answered = {lnn: part for lnn, part in good if lnn and times[lnn] == 1}
    for _ in range(len(good) - len(answered)):
        drift.odd(f"{resource}: lnn")
    excused = {lnn for lnn, part in numbered if _failed(part)} | {node_number(error.get("lnn")) for error in objects(errors)}
    silent = frozenset(lnn for lnn in excused if lnn and lnn not in times)
    return Parts(answered, silent, bool(answered) and len(answered) == len(numbered) and not errors)


def node_number(value: Any) -> int | None:  # noqa: ANN401 - foreign data
    """Give a logical node number, or None for what is none."""
    lnn = whole(value)
    return lnn if lnn and lnn <= _MOST else None


def _failed(part: Part) -> bool:
    """Tell whether a node's part is an excuse: an error, or a status that is a number of HTTP's and not 200."""
    status = number(part.status)
    return bool(part.error or part.errors) or (status is not None and status != HTTPStatus.OK)


def node_label(value: Any) -> str | None:  # noqa: ANN401 - foreign data
    """Give the label of a logical node number, or None for what is none."""
    lnn = node_number(value)
    return None if lnn is None else str(lnn)
