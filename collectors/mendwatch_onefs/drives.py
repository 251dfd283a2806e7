"""The drives of every node: how many are in which state, and each one that is not well. From cluster/nodes.

A large cluster has nine thousand drives, nearly all of them well, so a healthy drive has series of its own only in a small
cluster. Version 3 has every field that is read here; the whole of it is asked for rarely, because it is megabytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import name_of, whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.fanout import parts_of, patience
from mendwatch_onefs.nested import Object, at
from mendwatch_onefs.series import Finding, samples
from mendwatch_onefs.session import OneFSSession

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


class NodeDrives(msgspec.Struct):
    """One node's part of the answer; `status` is the number of an HTTP error of a node that is down, else its state."""

    lnn: Any = None
    error: Any = None
    errors: Any = None
    status: Any = None
    drives: Any = None


class AllDrives(msgspec.Struct):
    """The answer of cluster/nodes, as far as it is about drives."""

    nodes: list[NodeDrives]
    errors: Any = None


@dataclass(frozen=True, slots=True)
class Drive:
    """One bay as OneFS describes it: state and media in lower case; `firmware` is model, firmware, and the one it should have."""

    node: str
    bay: str
    state: str
    media: str
    firmware: tuple[str, ...]
    raw: Object

    @property
    def known(self) -> bool:
        """Whether it can be counted with others: nothing is missing that tells it from them."""
        return self.state == _EMPTY or bool(self.media and self.firmware[0] and self.firmware[1])


@dataclass(frozen=True, slots=True)
class Shelf:
    """The drives of one node; `whole` is whether these are all of them."""

    drives: tuple[Drive, ...]
    whole: bool


class DrivesCollector:
    """Reads the drives of cluster/nodes."""

    spec = CollectorSpec(
        "drives",
        interval=300.0,
        timeout=60.0,
        metrics=METRICS,
        schemas=(SCHEMA,),
        budget=50_000,
        privileges=("ISI_PRIV_DEVICES",),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch once."""
        return reading_of(await session.get(3, RESOURCE, AllDrives, patience(session)), now)


def reading_of(answer: AllDrives, now: datetime, each: int = EACH) -> Reading:
    """Turn the answer into samples; a cluster of at most `each` drives shows every one."""
    drift = Drift()
    parts = parts_of(answer.nodes, answer.errors, RESOURCE, drift)
    shelves = [_shelf(str(lnn), part.drives, drift) for lnn, part in parts.answered.items()]
    drives = [drive for shelf in shelves for drive in shelf.drives]
    shown = [drive for drive in drives if len(drives) <= each or drive.state not in _WELL]
    findings = (*_counts(shelves), *(finding for drive in shown for finding in _of_drive(drive, drift)))
    found = samples(findings, now, f"{RESOURCE}: drives", drift)
    complete = frozenset({SCHEMA.name} if parts.whole and all(shelf.whole for shelf in shelves) else ())
    return Reading(found, complete=complete, drift=drift.counts)


def _shelf(node: str, drives: Any, drift: Drift) -> Shelf:  # noqa: ANN401 - foreign data
    entries = drives if isinstance(drives, list) else []
    known = tuple(drive for raw in entries if (drive := _drive(node, raw, drift)) is not None)
    return Shelf(known, isinstance(drives, list) and len(known) == len(entries))


def _drive(node: str, raw: Any, drift: Drift) -> Drive | None:  # noqa: ANN401 - foreign data
    bay, state = whole(at(raw, "baynum")), drift.word(f"{RESOURCE}: drives.ui_state", at(raw, "ui_state"), _STATES)
    if bay is None or not state:
        drift.odd(f"{RESOURCE}: drives")
        return None
    paths = (("model",), ("firmware", "current_firmware"), ("firmware", "desired_firmware"))
    words = tuple((name_of(at(raw, *path)) or "").strip() for path in paths)
    return Drive(node, str(bay), state.replace(" ", "_"), (name_of(at(raw, "media_type")) or "").lower(), words, raw)


def _counts(shelves: Sequence[Shelf]) -> Iterator[Finding]:
    """Count the drives of those nodes of which every drive is known; a count without one of them would be wrong."""
    for shelf in shelves:
        if shelf.whole and all(drive.known for drive in shelf.drives):
            yield from _counted(COUNT, ((drive.node, drive.state, drive.media) for drive in shelf.drives))
            yield from _counted(FIRMWARE, ((drive.node, *drive.firmware) for drive in shelf.drives if drive.state != _EMPTY))


def _counted(spec: MetricSpec, labels: Iterable[tuple[str, ...]]) -> Iterator[Finding]:
    for these, count in Counter(labels).items():
        yield spec, these, float(count)


def _of_drive(drive: Drive, drift: Drift) -> Iterator[Finding]:
    labels = (drive.node, drive.bay)
    yield HEALTHY, labels, 1.0 if drive.state in _WELL else 0.0 if drive.state in _UNWELL else None
    yield PRESENT, labels, drift.flag(f"{RESOURCE}: drives.present", drive.raw.get("present"))
    pending = drive.raw.get("pending_actions")
    yield PENDING, labels, float(len(pending)) if isinstance(pending, list) else None
    yield STATE, (*labels, drive.state), 1.0
    if drive.state != _EMPTY:
        purpose, serial = ((name_of(drive.raw.get(name)) or "").strip() for name in ("purpose", "serial"))
        model, firmware, _ = drive.firmware
        yield INFO, (*labels, drive.media, purpose.lower(), model, serial, firmware), 1.0
