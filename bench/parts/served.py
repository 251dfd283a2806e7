"""Clusters in a process of their own, whose answers are written beforehand: what they cost is nobody's who is measured.

They speak HTTPS with keep-alive, know the login, the catalogue and statistics/current, and nothing else. The answers of one
question rotate, so that no two in a row are the same; every number has all its digits.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

from mendwatch.clock import SystemClock
from mendwatch_onefs.statistic_groups import chosen
from mendwatch_onefs.statistic_shapes import SCALAR
from mendwatch_onefs.statistic_table import Statistic
from mendwatch_onefs_sim.certificates import make_certificates

ROTATION = 4
#: Operations that a protocol's list has; nobody uses SMB 1 any more.
_OPERATIONS = {"node.protostats.smb2": ("read", "write", "create", "close", "change_notify"), "node.protostats.smb1": ()}


def statistics() -> dict[str, Statistic]:
    """Give the default statistics, by key."""
    return {statistic.key: statistic for statistic in chosen(("default",))}


def catalogue() -> bytes:
    """Give statistics/keys; everything is measured every five seconds, so that everything is read in every poll."""
    policies = [{"interval": 5, "persistent": False, "retention": 4200}]
    facts = [
        {"key": key, "units": "none", "type": "double", "scope": "node" if one.per_node else "cluster", "policies": policies}
        for key, one in statistics().items()
    ]
    return json.dumps({"keys": facts, "resume": None, "total": len(facts)}).encode()


def current(keys: list[str], nodes: int, seed: int) -> bytes:
    """Give statistics/current as a cluster writes it: key by key, node by node."""
    dice, known = random.Random(seed), statistics()  # noqa: S311 - not for secrets
    stats = [entry for key in keys for entry in _entries(known[key], nodes, 1_768_478_400 + 5 * seed, dice)]
    return json.dumps({"stats": stats}, separators=(",", ":")).encode()


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
    if statistic.shape is not SCALAR:
        names = _OPERATIONS.get(statistic.key, ("total",))
        return [_operation(number, name, dice) for number, name in enumerate(names)]
    whole = statistic.unit.divisor > 1 or not statistic.metric.endswith("per_second")
    return dice.randrange(1_000) if whole else dice.random() * 1e6


def _operation(number: int, name: str, dice: random.Random) -> dict[str, object]:
    fields = ("in_avg", "in_max", "in_min", "in_rate", "op_rate", "out_avg", "out_max", "out_min", "out_rate", "time_avg")
    numbers = {field: dice.random() * 1e4 for field in (*fields, "time_max", "time_min")}
    return {"class_name": "other", "op_count": dice.randrange(10**9), "op_id": number, "op_name": name, **numbers}


@dataclass
class _Cluster:
    nodes: int
    seed: int
    answers: dict[str, list[bytes]] = field(default_factory=dict)
    turn: int = 0

    def answer(self, method: str, target: str) -> bytes:
        """Give a whole HTTP answer."""
        parts = urlsplit(target)
        if parts.path.startswith("/session"):
            return _session(method)
        if parts.path.endswith("/statistics/current"):
            keys = parse_qs(parts.query)["keys"][0]
            if keys not in self.answers:
                bodies = (current(keys.split(","), self.nodes, self.seed * ROTATION + turn) for turn in range(ROTATION))
                self.answers[keys] = [_http("200 OK", body) for body in bodies]
            self.turn += 1
            return self.answers[keys][self.turn % ROTATION]
        return _http("200 OK", self._fixed(parts.path))

    def _fixed(self, path: str) -> bytes:
        if path.endswith("/latest"):
            return b'{"latest": "23"}'
        if path.endswith("/statistics/keys"):
            return catalogue()
        devices = [{"devid": node, "lnn": node, "is_up": True} for node in range(1, self.nodes + 1)]
        return json.dumps({"name": f"c{self.seed}", "onefs_version": {"release": "9.12.0.0"}, "devices": devices}).encode()


def _session(method: str) -> bytes:
    if method == "DELETE":
        return b"HTTP/1.1 204 No Content\r\n\r\n"
    cookies = "Set-Cookie: isisessid=0123; path=/; HttpOnly\r\nSet-Cookie: isicsrf=4567; path=/\r\n"
    return _http("201 Created", b'{"services":["platform"],"timeout_absolute":14400,"timeout_inactive":900}', cookies)


def _http(status: str, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class _Connection(asyncio.Protocol):
    def __init__(self, cluster: _Cluster) -> None:
        self._cluster, self._heard = cluster, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while (end := self._heard.find(b"\r\n\r\n")) >= 0:
            lines = self._heard[:end].decode().split("\r\n")
            lengths = [int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")]
            whole = end + 4 + sum(lengths)
            if len(self._heard) < whole:
                return
            self._heard = self._heard[whole:]
            method, target, _ = lines[0].split(" ")
            self._transport.write(self._cluster.answer(method, target))


async def _serve(nodes: int, clusters: int, files: tuple[str, str], pipe: Connection) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*files)
    loop = asyncio.get_running_loop()
    made = [_Cluster(nodes, seed) for seed in range(clusters)]
    servers = [await loop.create_server(partial(_Connection, one), "127.0.0.1", 0, ssl=tls) for one in made]
    pipe.send([server.sockets[0].getsockname()[1] for server in servers])
    await loop.run_in_executor(None, pipe.recv)


def _main(nodes: int, clusters: int, files: tuple[str, str], pipe: Connection) -> None:
    asyncio.run(_serve(nodes, clusters, files, pipe))


class Served:
    """Running clusters: `with Served(nodes, clusters, folder) as served`."""

    def __init__(self, nodes: int, clusters: int, folder: Path) -> None:
        made = make_certificates(folder, SystemClock().now())
        self.nodes, self.ca_file = nodes, made.ca_file
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        files = (str(made.certificate_file), str(made.key_file))
        self._process = context.Process(target=_main, args=(nodes, clusters, files, theirs), daemon=True)
        self.urls: list[str] = []

    def __enter__(self) -> Self:
        self._process.start()
        self.urls = [f"https://127.0.0.1:{port}" for port in self._pipe.recv()]
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.send(None)
        self._process.join(10)
