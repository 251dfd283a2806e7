"""The nodes as machines: who answers, read-only, smartfail, power, batteries, NVRAM, sensors, partitions. From cluster/nodes.

Version 3 has every field that is read here. The drives of the same resource are another collector's, with another interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import Reading
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import flag, name_of, number
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.fanout import Parts, parts_of, patience
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
    UPTIME,
)
from mendwatch_onefs.node_surroundings import partition_findings, sensor_findings
from mendwatch_onefs.ratios import percent_text
from mendwatch_onefs.series import Finding, all_found, samples
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


class Nodes(msgspec.Struct):
    """The answer of cluster/nodes."""

    nodes: list[Node]
    errors: Any = None


class NodesCollector:
    """Reads cluster/nodes."""

    spec = CollectorSpec(
        "nodes",
        interval=60.0,
        timeout=60.0,
        metrics=METRICS,
        schemas=SCHEMAS,
        budget=40_000,
        privileges=("ISI_PRIV_DEVICES",),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch once."""
        return reading_of(await session.get(3, RESOURCE, Nodes, patience(session)), now)


def reading_of(answer: Nodes, now: datetime) -> Reading:
    """Turn the answer into samples. Only where every node answered does an absent one mean that it is gone."""
    drift = Drift()
    parts = parts_of(answer.nodes, answer.errors, RESOURCE, drift)
    findings = tuple(_findings(parts, drift))
    complete = all_found(SCHEMAS, findings) if parts.whole else frozenset[str]()
    return Reading(samples(findings, now, RESOURCE, drift), complete=complete, drift=drift.counts)


def _findings(parts: Parts[Node], drift: Drift) -> Iterator[Finding]:
    for lnn in parts.silent:
        yield ANSWERS, (str(lnn),), 0.0
    for lnn, node in parts.answered.items():
        yield ANSWERS, (str(lnn),), 1.0
        yield from _of_node(str(lnn), node, drift)


def _of_node(lnn: str, node: Node, drift: Drift) -> Iterator[Finding]:
    yield from _identity(lnn, node)
    yield from _state(lnn, node.state, drift)
    yield UPTIME, (lnn,), drift.quantity(f"{RESOURCE}: status.uptime", at(node.status, "uptime"))
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
