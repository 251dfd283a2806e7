"""What the pretended clusters answer: bodies as OneFS writes them, from a seed; every number has all its digits."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from mendwatch_onefs.statistic_groups import chosen
from mendwatch_onefs.statistic_shapes import COUNTS, DRIVES, SCALAR
from mendwatch_onefs.statistic_table import Statistic

DEFAULT = ("default",)
#: Quotas of one page.
PAGE = 1000
_START = 1_768_478_400
#: Operations that a protocol's list has; nobody uses SMB 1 any more.
_OPERATIONS = {"node.protostats.smb2": ("read", "write", "create", "close", "change_notify"), "node.protostats.smb1": ()}
_SUMMED = ("access_latency", "access_slow", "bytes_in", "bytes_out", "iosched_latency", "iosched_queue", "xfers_in", "xfers_out")


def statistics(groups: tuple[str, ...] = DEFAULT) -> dict[str, Statistic]:
    """Give the statistics of some groups, by key."""
    return {statistic.key: statistic for statistic in chosen(groups)}


def catalogue(groups: tuple[str, ...] = DEFAULT) -> bytes:
    """Give statistics/keys; everything is measured every five seconds, so that everything is read in every poll."""
    policies = [{"interval": 5, "persistent": False, "retention": 4200}]
    facts = [
        {"key": key, "units": "none", "type": "double", "scope": "node" if one.per_node else "cluster", "policies": policies}
        for key, one in statistics(groups).items()
    ]
    return json.dumps({"keys": facts, "resume": None, "total": len(facts)}).encode()


def current(keys: list[str], nodes: int, seed: int, groups: tuple[str, ...] = DEFAULT) -> bytes:
    """Give statistics/current as a cluster writes it: key by key, node by node."""
    dice, known = random.Random(seed), statistics(groups)  # noqa: S311 - not for secrets
    stats = [entry for key in keys for entry in _entries(known[key], nodes, _START + 5 * seed, dice)]
    return _json({"stats": stats})


def drive_summary(nodes: int, bays: int, seed: int) -> bytes:
    """Give statistics/summary/drive of all drives of all nodes."""
    dice = random.Random(seed)  # noqa: S311 - as above
    drives = [_drive(node, bay, _START + 5 * seed, dice) for node in range(1, nodes + 1) for bay in range(1, bays + 1)]
    return _json({"drive": drives})


def quotas(start: int, count: int, seed: int) -> bytes:
    """Give the page of quota/quotas that begins with one of `count` directories; its token is where the next one begins."""
    stop = min(start + PAGE, count)
    dice = random.Random(seed * 1_000_003 + start)  # noqa: S311 - as above
    return _json({"quotas": [_quota(number, dice) for number in range(start, stop)], "resume": str(stop) if stop < count else None})


def _json(answer: object) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode()


def _entries(statistic: Statistic, nodes: int, time: int, dice: random.Random) -> Iterator[dict[str, object]]:
    for node in range(1, nodes + 1) if statistic.per_node else (0,):
        value = _value(statistic, dice)
        yield {
            "devid": node,
            "error": None,
            "error_code": None,
            "key": statistic.key,
            "node": node,
            "time": time,
            "value": value,
        }


def _value(statistic: Statistic, dice: random.Random) -> object:
    if statistic.shape is SCALAR:
        whole = statistic.unit.divisor > 1 or not statistic.metric.endswith("per_second")
        return dice.randrange(1_000) if whole else dice.random() * 1e6
    if statistic.shape is COUNTS:
        return {"hits": dice.randrange(10**9), "misses": dice.randrange(10**9)}
    if statistic.shape is DRIVES:
        return [{f"Bay {number}": dice.random() * 1e3} for number in range(1, 37)]
    names = _OPERATIONS.get(statistic.key, ("total",))
    return [_operation(number, name, dice) for number, name in enumerate(names)]


def _operation(number: int, name: str, dice: random.Random) -> dict[str, object]:
    fields = ("in_avg", "in_max", "in_min", "in_rate", "op_rate", "out_avg", "out_max", "out_min", "out_rate", "time_avg")
    numbers = {field: dice.random() * 1e4 for field in (*fields, "time_max", "time_min")}
    return {"class_name": "other", "op_count": dice.randrange(10**9), "op_id": number, "op_name": name, **numbers}


def _drive(node: int, bay: int, time: int, dice: random.Random) -> dict[str, object]:
    numbers = {field: dice.random() * 1e4 for field in _SUMMED}
    shares = {
        "busy": dice.randrange(1000) / 10,
        "used_bytes_percent": dice.randrange(1000) / 10,
        "used_inodes": dice.randrange(10**6),
    }
    sizes = {"used_inodes": dice.randrange(10**6), "xfer_size_in": dice.random() * 1e5, "xfer_size_out": dice.random() * 1e5}
    return {"drive_id": f"{node}:{bay}", "time": time, "type": "SATA", **shares, **numbers, **sizes}


def _quota(number: int, dice: random.Random) -> dict[str, object]:
    limit = (number % 64 + 1) * 2**34
    used = int(limit * (0.3 + 0.5 * dice.random()))
    sizes = {"applogical": used, "fslogical": used, "fsphysical": used * 5 // 4, "physical": used * 5 // 4, "shadow_refs": 0}
    usage = {**sizes, "inodes": used // 40_000, "physical_data": used, "physical_protection": used // 4}
    hits = {f"{kind}_{what}": nothing for kind in ("advisory", "hard", "soft") for what, nothing in _UNHIT}
    limits = {"advisory": None, "hard": limit, "soft": None, "percent_advisory": None, "percent_soft": None, "soft_grace": None}
    return {
        "container": True,
        "description": "",
        "efficiency_ratio": 0.8,
        "enforced": True,
        "id": f"{number:024x}",
        "include_snapshots": False,
        "labels": "",
        "linked": False,
        "notifications": "default",
        "path": f"/ifs/data/department-{number % 97}/project-{number}",
        "persona": None,
        "ready": True,
        "reduction_ratio": 1.25,
        "thresholds": {**limits, **hits},
        "thresholds_on": "fslogicalsize",
        "type": "directory",
        "usage": {**usage, **{f"{name}_ready": True for name in usage}},
    }


_UNHIT: tuple[tuple[str, object], ...] = (("exceeded", False), ("last_exceeded", None))
