"""The drives of every node as findings: how many are in which state, and each one that is not well. From cluster/nodes.

A large cluster has nine thousand drives, nearly all of them well, so a healthy drive has series of its own only in a small
cluster. The collector `nodes` reads the answer: it is megabytes, and two thirds of it are drives, so it is asked for once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, RecordSchema
from mendwatch_onefs.decoding import name_of, whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.nested import at
from mendwatch_onefs.series import Finding

RESOURCE = "cluster/nodes"
#: A cluster of so many drives or fewer shows each of them; of a larger one those that are not well.
EACH = 500

#: OneFS' words for a drive's state (`ui_state`): in use and well, not well, and a bay without a drive that counts.
_WELL = frozenset({"healthy", "l3", "journal", "boot_drive"})
_UNWELL = frozenset(
    {
        "smartfail", "smartfailed", "suspended", "replace", "stalled", "new", "used", "preparing", "wrong_type", "sed_error",
        "erase", "insecure", "unencrypted", "not_available", "not_in_use", "fw_update", "bad_firmware",
    }
)  # fmt: skip
_EMPTY = "empty"
_STATES = _WELL | _UNWELL | {_EMPTY}

DRIVE = ("node", "bay")


def _spec(name: str, words: str, field: str, labels: tuple[str, ...]) -> MetricSpec:
    return MetricSpec(f"powerscale_{name}", f"{words} (cluster/nodes: {field}).", labels=labels)


COUNT = _spec("node_drives", "Drive bays of a node by the state of what is in them", "drives.ui_state", ("node", "state", "media"))
FIRMWARE = _spec(
    "node_drives_firmware",
    "Drives of a node by model and firmware; desired is empty where nothing newer is offered",
    "drives.firmware",
    ("node", "model", "firmware", "desired"),
)
HEALTHY = _spec(
    "drive_healthy",
    "Whether a drive is well; in a large cluster only those that are not, and absent for a state nobody knows",
    "drives.ui_state",
    DRIVE,
)
PRESENT = _spec("drive_present", "Whether there is a drive in the bay; shown as powerscale_drive_healthy", "drives.present", DRIVE)
PENDING = _spec(
    "drive_pending_actions",
    "Actions that a drive waits for; shown as powerscale_drive_healthy",
    "drives.pending_actions",
    DRIVE,
)
STATE = _spec(
    "drive_state", "Always 1; the state of a drive; shown as powerscale_drive_healthy", "drives.ui_state", (*DRIVE, "state")
)
INFO = _spec(
    "drive_info",
    "Always 1; what to order and where it is; shown as powerscale_drive_healthy",
    "drives.media_type, purpose, model, serial, firmware",
    (*DRIVE, "media", "purpose", "model", "serial", "firmware"),
)
METRICS = (COUNT, FIRMWARE, HEALTHY, PRESENT, PENDING, STATE, INFO)

SCHEMA = RecordSchema(
    "drive",
    DRIVE,
    {spec.name.removeprefix("powerscale_drive_"): spec.name for spec in (HEALTHY, PRESENT, PENDING)},
    help="One drive; in a cluster of more than 500 only one that is not healthy.",
)


class Bay(msgspec.Struct, gc=False):
    """One bay as OneFS describes it, as much of it as is used."""

    baynum: Any = None
    ui_state: Any = None
    media_type: Any = None
    model: Any = None
    serial: Any = None
    purpose: Any = None
    present: Any = None
    pending_actions: Any = None
    firmware: Any = None


@dataclass(frozen=True, slots=True)
class Drive:
    """One bay as it is shown: state and media in lower case; `firmware` is model, firmware, and the one it should have."""

    node: str
    bay: str
    state: str
    media: str
    firmware: tuple[str, ...]
    raw: Bay

    @property
    def known(self) -> bool:
        """Whether it can be counted with others: nothing is missing that tells it from them."""
        return self.state == _EMPTY or bool(self.media and self.firmware[0] and self.firmware[1])


class Shelves:
    """The drives of all nodes, taken node by node; `whole` is whether these are all that the answer tells of.

    A cluster of at most `each` drives shows every one.
    """

    def __init__(self, drift: Drift, each: int = EACH) -> None:
        self.whole = True
        self._drift = drift
        self._each = each
        self._read = 0
        self._shown: list[Drive] = []

    def add(self, node: str, bays: Any) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
        """Take the drives of one node and give their counts; a count without one of them would be wrong."""
        entries = bays if isinstance(bays, list) else []
        drives = [drive for bay in entries if (drive := _drive(node, bay, self._drift)) is not None]
        self._read += len(drives)
        self._shown += [drive for drive in drives if self._read <= self._each or drive.state not in _WELL]
        whole_shelf = isinstance(bays, list) and len(drives) == len(entries)
        self.whole = self.whole and whole_shelf
        if whole_shelf and all(drive.known for drive in drives):
            yield from _counts(drives)

    def shown(self) -> Iterator[Finding]:
        """Give the drives that have series of their own, after the last node."""
        for drive in self._shown:
            if self._read <= self._each or drive.state not in _WELL:
                yield from _of_drive(drive, self._drift)


def _drive(node: str, raw: Any, drift: Drift) -> Drive | None:  # noqa: ANN401 - foreign data
    if not isinstance(raw, Bay):
        drift.odd(f"{RESOURCE}: drives")
        return None
    bay, state = whole(raw.baynum), drift.word(f"{RESOURCE}: drives.ui_state", raw.ui_state, _STATES)
    if bay is None or not state:
        drift.odd(f"{RESOURCE}: drives")
        return None
    current, desired = (at(raw.firmware, name) for name in ("current_firmware", "desired_firmware"))
    words = (_word(raw.model), _word(current), _word(desired))
    return Drive(node, str(bay), state.replace(" ", "_"), _word(raw.media_type).lower(), words, raw)


def _word(value: Any) -> str:  # noqa: ANN401 - foreign data
    return (name_of(value) or "").strip()


def _counts(drives: Sequence[Drive]) -> Iterator[Finding]:
    yield from _counted(COUNT, ((drive.node, drive.state, drive.media) for drive in drives))
    yield from _counted(FIRMWARE, ((drive.node, *drive.firmware) for drive in drives if drive.state != _EMPTY))


def _counted(spec: MetricSpec, labels: Iterable[tuple[str, ...]]) -> Iterator[Finding]:
    for these, count in Counter(labels).items():
        yield spec, these, float(count)


def _of_drive(drive: Drive, drift: Drift) -> Iterator[Finding]:
    labels = (drive.node, drive.bay)
    yield HEALTHY, labels, 1.0 if drive.state in _WELL else 0.0 if drive.state in _UNWELL else None
    yield PRESENT, labels, drift.flag(f"{RESOURCE}: drives.present", drive.raw.present)
    pending = drive.raw.pending_actions
    yield PENDING, labels, float(len(pending)) if isinstance(pending, list) else None
    yield STATE, (*labels, drive.state), 1.0
    if drive.state != _EMPTY:
        model, firmware, _ = drive.firmware
        yield INFO, (*labels, drive.media, _word(drive.raw.purpose).lower(), model, _word(drive.raw.serial), firmware), 1.0
