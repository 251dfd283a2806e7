"""The rows of clients, drives, paths, workloads and of the whole system, as pure functions of time."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.summaries.state import Client, Summaries
from mendwatch_onefs_sim.waves import wave

_DATASETS = ("System", "users")
_TIME = 700.0
#: The protocol that makes most of what a row calls by a shorter name.
_SHOWN = {"nfs": "nfs3", "smb": "smb2"}


def clients(state: Summaries, nodes: Iterable[Node], now: float) -> list[dict[str, Any]]:
    """Give a row for each client and class of operations, at the node that serves it."""
    places = list(nodes)
    return [
        _client(state, client, places[number % len(places)], group, share, now)
        for number, client in enumerate(state.clients)
        for group, share in (("read", 0.6), ("write", 0.4))
    ]


def _client(state: Summaries, client: Client, node: Node, group: str, share: float, now: float) -> dict[str, Any]:
    rate = wave(state.seed, f"client.{client.address}", client.rate * share, swing=0.02).at(now)
    size_in, size_out = (120.0, float(client.size)) if group == "read" else (float(client.size), 120.0)
    taken = _TIME * state.slowness.get(client.protocol, 1.0)
    return {
        "class": group,
        "in": rate * size_in,
        "in_avg": size_in,
        "in_max": size_in,
        "in_min": size_in,
        "local_addr": f"10.10.0.{node.lnn}",
        "local_name": f"10.10.0.{node.lnn}",
        "node": node.lnn,
        "num_operations": int(rate * 5),
        "operation_rate": rate,
        "out": rate * size_out,
        "out_avg": size_out,
        "out_max": size_out,
        "out_min": size_out,
        "protocol": client.protocol,
        "remote_addr": client.address,
        "remote_name": client.address,
        "time_avg": taken,
        "time_max": taken * 9,
        "time_min": taken / 5,
        "user": {"id": "UID:65534", "name": client.user, "type": "user"},
    }


def drives(state: Summaries, nodes: Iterable[Node], now: float, absent: Container[int] = frozenset()) -> list[dict[str, Any]]:
    """Give a row for each drive of each node, without those bays in which no drive is at work."""
    return [_drive(state, node, bay, now) for node in nodes for bay in range(1, node.drives + 1) if bay not in absent]


def _drive(state: Summaries, node: Node, bay: int, now: float) -> dict[str, Any]:
    busy = wave(state.seed, f"drive.{node.lnn}.{bay}", 18.0).at(now)
    slow = state.slow_drives.get((node.lnn, bay), 1.0)
    return {
        "access_latency": 0.25 * busy * slow,
        "access_slow": 0.0 if slow == 1 else 3.0,
        "busy": busy if slow == 1 else 99.5,
        "bytes_in": busy * 120_000,
        "bytes_out": busy * 260_000,
        "drive_id": f"{node.lnn}:{bay}",
        "iosched_latency": 0.05 * busy * slow,
        "iosched_queue": busy / 20,
        "type": "sas",
        "used_bytes_percent": 48.5,
        "used_inodes": 1_200_000.0,
        "xfer_size_in": 16_384.0,
        "xfer_size_out": 32_768.0,
        "xfers_in": busy * 7,
        "xfers_out": busy * 8,
    }


def heat(state: Summaries, node: Node) -> list[dict[str, Any]]:
    """Give the heat map."""
    return [
        {
            "class_name": "namespace_read" if event in {"lookup", "getattr"} else "other",
            "event_name": event,
            "event_type": number,
            "lin": f"1:0000:{number:04x}",
            "node": node.lnn,
            "operation_rate": rate,
            "path": path,
        }
        for number, (path, event, rate) in enumerate(state.heat, start=1)
    ]


def system(
    state: Summaries, nodes: Iterable[Node], now: float, load: float = 1.0, off: Container[str] = frozenset()
) -> list[dict[str, Any]]:
    """Give a row for each node, and before them the row of all; nodes are `load` times as busy, and `off` serves nobody."""
    every = [_system(state, node, now, load, off) for node in nodes]
    names = [name for name in every[0] if name != "node"]
    total: dict[str, Any] = {name: sum(row[name] for row in every) for name in names}
    return [{**total, "cpu": total["cpu"] / len(every), "node": "All"}, *every]


def _system(state: Summaries, node: Node, now: float, load: float, off: Container[str]) -> dict[str, Any]:
    def usual(name: str, base: float) -> float:
        return wave(state.seed, f"system.{name}.{node.lnn}", base).at(now)

    def at(name: str, base: float) -> float:
        return load * usual(name, base)

    served = {name: usual(name, base) for name, base in (("nfs", 6e7), ("smb", 4e7), ("s3", 2e7))}
    traffic = {name: 0.0 if name in off else served[name] * state.paces.get(_SHOWN.get(name, name), 1.0) for name in served}
    return {
        **traffic,
        "cpu": min(100.0, at("cpu", 22.0)),
        "disk_in": at("disk_in", 3e7),
        "disk_out": at("disk_out", 5e7),
        "ftp": 0.0,
        "hdfs": 0.0,
        "http": 0.0,
        "net_in": at("net_in", 5e7),
        "net_out": at("net_out", 9e7),
        "node": str(node.lnn),
        "total": sum(traffic.values()),
    }


def workloads(state: Summaries, dataset: str, now: float) -> list[dict[str, Any]] | None:
    """Give the workloads of a dataset; None where there is no such dataset."""
    if dataset not in _DATASETS:
        return None
    names = [{"system_name": "Job: 7"}, {"job_type": "SmartPools[1]"}] if dataset == "System" else _users(state)
    return [_workload(state, number, name, now) for number, name in enumerate(names, start=1)]


def _users(state: Summaries) -> list[dict[str, Any]]:
    people = sorted({(client.protocol, client.user) for client in state.clients})
    named: list[dict[str, Any]] = [
        {"protocol": protocol, "username": user, "user_id": 2001.0, "zone_id": 1.0, "zone_name": "System"}
        for protocol, user in people
    ]
    return [*named, {"workload_type": "Additional"}]


def _workload(state: Summaries, number: int, name: dict[str, Any], now: float) -> dict[str, Any]:
    ops = wave(state.seed, f"workload.{number}", 600.0 / number).at(now)
    return {
        "bytes_in": ops * 9_000,
        "bytes_out": ops * 30_000,
        "cpu": ops * 210,
        "l2": ops * 3,
        "l3": ops / 2,
        "latency_other": 150.0,
        "latency_read": 4_200.0,
        "latency_write": 1_100.0,
        "node": 0.0,
        "ops": ops,
        "reads": ops / 4,
        "workload_type": None,
        "writes": ops / 8,
        **name,
    }
