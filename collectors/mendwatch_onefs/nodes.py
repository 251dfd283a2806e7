"""The nodes as machines: who answers, read-only, smartfail, power, batteries, NVRAM, sensors, partitions. From cluster/nodes.

Version 3 has every field that is read here. The answer of a large cluster is megabytes, two thirds of them drives, and OneFS asks
every node for it, so it is asked for once, rarely, and for the drives as well; how many nodes are down or read-only, the
statistics tell sooner. It is decoded node by node, so that nobody else has to wait for all of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import Reading
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import decode, flag, name_of, number
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.drives import EACH, Bay, Shelves
from mendwatch_onefs.drives import METRICS as DRIVE_METRICS
from mendwatch_onefs.drives import SCHEMA as DRIVE_SCHEMA
from mendwatch_onefs.fanout import parts_of, patience
from mendwatch_onefs.gathered import Gathered, KeptHeads, portions
from mendwatch_onefs.nested import at
from mendwatch_onefs.node_metrics import (
    ANSWERS,
    BATTERY_PASSED,
    BATTERY_STATE,
    CHARGE,
    CHARGED,
    CPU_SPEED_LIMIT,
    DEAD,
    IN_CLUSTER,
    INFO,
    LIGHT,
    METRICS,
    NVRAM_PRESENT,
    OVERTEMP,
    READONLY,
    READONLY_REQUESTED,
    SCHEMAS,
    SHIP_MODE,
    SHUTDOWN_READONLY,
    SMARTFAILED,
    SUPPLIES,
    SUPPLIES_FAILED,
    SUPPLY_STATE,
)
from mendwatch_onefs.node_surroundings import partition_findings, sensor_findings
from mendwatch_onefs.ratios import percent_text
from mendwatch_onefs.series import Finding
from mendwatch_onefs.session import OneFSSession

RESOURCE = "cluster/nodes"
#: OneFS' words for the charge of the NVRAM's batteries, and whether a journal survives a power cut with it.
_CHARGES: Mapping[str, bool | None] = {"green": True, "yellow": False, "red": False, "black": False}
_NO_CHARGE = {"unknown", "not supported", ""}
#: What OneFS says of a ship mode that there is not, or that it could not read.
_NO_MODE = -1
#: OneFS' words for a battery test.
_TESTS: Mapping[str, bool] = {"passed": True, "pass": True, "failed": False, "fail": False}
_NO_TEST = {"", "n/a", "unknown", "none", "not supported", "not available", "in progress", "testing"}


class Node(msgspec.Struct):
    """One node's part of the answer. `status` is its state, or the number of an HTTP error of a node that is down."""

    lnn: Any = None
    id: Any = None
    error: Any = None
    errors: Any = None
    status: Any = None
    state: Any = None
    hardware: Any = None
    sensors: Any = None
    partitions: Any = None
    drives: list[Bay] | None = None


class _OddNode(Node):
    """A part with something among its drives that is no drive."""

    drives: Any = None


class _Answer(msgspec.Struct):
    """The answer of cluster/nodes; its parts are decoded one by one."""

    nodes: list[msgspec.Raw]
    errors: Any = None


class _OddAnswer(msgspec.Struct):
    """The answer as a whole, for one with text that is no Unicode."""

    nodes: list[_OddNode]
    errors: Any = None


class NodesCollector:
    """Reads cluster/nodes."""

    spec = CollectorSpec(
        "nodes",
        interval=300.0,
        timeout=60.0,
        metrics=(*METRICS, *DRIVE_METRICS),
        schemas=(*SCHEMAS, DRIVE_SCHEMA),
        budget=90_000,
        privileges=("ISI_PRIV_DEVICES",),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:  # noqa: ARG002 - the core's time serves
        """Fetch once."""
        body = await session.body(3, RESOURCE, patience(session))
        await asyncio.sleep(0)  # the failures have just looked at it, and the next step is a long one
        return await reading_of(body, session.memory(KeptHeads))


async def reading_of(body: bytes, kept: KeptHeads, each: int = EACH) -> Reading:
    """Turn the answer into columns. Only where every node answered does an absent one mean that it is gone.

    A cluster of at most `each` drives shows every one.

    Raises:
        BadAnswer: it is none, or a part of it is no object.
    """
    nodes, errors = await _decoded(body)
    drift = Drift()
    parts = parts_of(nodes, errors, RESOURCE, drift)
    gathered, shelves = Gathered(RESOURCE, drift), Shelves(drift, each)
    gathered.add((ANSWERS, (str(lnn),), 0.0) for lnn in parts.silent)
    for some in portions(list(parts.answered.items())):
        for lnn, node in some:
            gathered.add(_of_node(str(lnn), node, drift))
            gathered.add(shelves.add(str(lnn), node.drives))
        await asyncio.sleep(0)
    gathered.add(shelves.shown())
    complete = gathered.all_found((*SCHEMAS, DRIVE_SCHEMA)) if parts.whole else frozenset[str]()
    return Reading(
        columns=await gathered.columns(kept),
        complete=complete if shelves.whole else complete - {DRIVE_SCHEMA.name},
        drift=drift.counts,
    )


async def _decoded(body: bytes) -> tuple[list[Node], Any]:
    """Give the parts and the errors of the answer."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        odd = decode(body, _OddAnswer, f"GET {RESOURCE}")
        return [_mended(node) for node in odd.nodes], odd.errors
    nodes = list[Node]()
    for portion in portions(answer.nodes):
        nodes += [_node(part) for part in portion]
        await asyncio.sleep(0)
    return nodes, answer.errors


def _node(part: msgspec.Raw) -> Node:
    try:
        return msgspec.json.decode(part, type=Node)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _mended(decode(bytes(part), _OddNode, f"GET {RESOURCE}"))


def _mended(node: _OddNode) -> Node:
    """Give a part whose drives are drives again, but for those that are none."""
    if isinstance(node.drives, list):
        node.drives = [msgspec.convert(one, Bay) if isinstance(one, dict) else one for one in node.drives]
    return node


def _of_node(lnn: str, node: Node, drift: Drift) -> Iterator[Finding]:
    yield ANSWERS, (lnn,), 1.0
    yield from _identity(lnn, node)
    yield from _state(lnn, node.state, drift)
    yield CPU_SPEED_LIMIT, (lnn,), percent_text(f"{RESOURCE}: status.cpu.speed_limit", at(node.status, "cpu", "speed_limit"), drift)
    hot = name_of(at(node.status, "cpu", "overtemp"))
    if hot and hot.strip().lower() not in _NO_TEST:
        yield OVERTEMP, (lnn, hot.strip().lower()), 1.0
    yield from _power(lnn, at(node.status, "powersupplies"), drift)
    yield from _batteries(lnn, at(node.status, "batterystatus"), drift)
    yield from _nvram(lnn, at(node.status, "nvram"), drift)
    yield from sensor_findings(lnn, node.sensors, drift)
    yield from partition_findings(lnn, node.partitions, drift)


def _identity(lnn: str, node: Node) -> Iterator[Finding]:
    words = (at(node.hardware, "product"), at(node.hardware, "serial_number"), at(node.status, "release"))
    product, serial, release = (name_of(word) or "" for word in words)
    if product or serial or release:
        yield INFO, (lnn, product, serial, release.removeprefix("v")), 1.0


def _state(lnn: str, state: Any, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    """Give what OneFS says of a node's state; a part that OneFS itself calls invalid says nothing."""
    readonly, light = (_valid(at(state, name)) for name in ("readonly", "servicelight"))
    yield READONLY, (lnn,), _truth("state.readonly.mode", at(readonly, "mode"), drift)
    yield READONLY_REQUESTED, (lnn,), _truth("state.readonly.enabled", at(readonly, "enabled"), drift)
    if flag(at(light, "supported")) is not False:
        yield LIGHT, (lnn,), _truth("state.servicelight.enabled", at(light, "enabled"), drift)
    for spec, name in (
        (SMARTFAILED, "smartfailed"),
        (DEAD, "dead"),
        (IN_CLUSTER, "in_cluster"),
        (SHUTDOWN_READONLY, "shutdown_readonly"),
    ):
        yield spec, (lnn,), _truth(f"state.smartfail.{name}", at(state, "smartfail", name), drift)


def _valid(part: Any) -> Any:  # noqa: ANN401 - foreign data
    return None if flag(at(part, "valid")) is False else part


def _truth(field: str, value: Any, drift: Drift) -> float | None:  # noqa: ANN401 - foreign data
    return drift.flag(f"{RESOURCE}: {field}", value)


def _power(lnn: str, power: Any, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    """Give the power supplies. `good` of a supply is documented both ways round, so it is not read."""
    yield SUPPLIES, (lnn,), drift.whole(f"{RESOURCE}: status.powersupplies.count", at(power, "count"))
    yield SUPPLIES_FAILED, (lnn,), drift.whole(f"{RESOURCE}: status.powersupplies.failures", at(power, "failures"))
    supplies = at(power, "supplies")
    for supply in supplies if isinstance(supplies, list) else ():
        name, state = name_of(at(supply, "name")) or name_of(at(supply, "id")), name_of(at(supply, "status"))
        if name and state:
            yield SUPPLY_STATE, (lnn, name, state.strip().lower()), 1.0


def _batteries(lnn: str, batteries: Any, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    if flag(at(batteries, "supported")) is False or flag(at(batteries, "present")) is False:
        return
    for which in ("1", "2"):
        state = name_of(at(batteries, f"status{which}"))
        if state and state.strip().lower() not in _NO_TEST:
            yield BATTERY_STATE, (lnn, which, state.strip().lower()), 1.0
        result = drift.word(f"{RESOURCE}: status.batterystatus.result", at(batteries, f"result{which}"), {*_TESTS, *_NO_TEST})
        if result not in _NO_TEST:
            yield BATTERY_PASSED, (lnn, which), _TESTS.get(result or "")


def _nvram(lnn: str, nvram: Any, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    charge = drift.word(f"{RESOURCE}: status.nvram.charge_status", at(nvram, "charge_status"), {*_CHARGES, *_NO_CHARGE})
    if charge and charge not in _NO_CHARGE:
        yield CHARGE, (lnn, charge), 1.0
        yield CHARGED, (lnn,), _CHARGES.get(charge)
    if flag(at(nvram, "supported")):
        yield NVRAM_PRESENT, (lnn,), _truth("status.nvram.present", at(nvram, "present"), drift)
    mode = at(nvram, "ship_mode")
    yield SHIP_MODE, (lnn,), None if number(mode) == _NO_MODE else _truth("status.nvram.ship_mode", mode, drift)
