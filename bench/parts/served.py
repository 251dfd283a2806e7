"""Clusters in a process of their own, whose answers are written beforehand: what they cost is nobody's who is measured.

They speak HTTPS with keep-alive, know the login, the catalogue, statistics, and drives and quotas where they have any; of anything
else they say that their release has no such thing. The answers of one question rotate, so that no two in a row are the same.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

from parts.answers import DEFAULT, catalogue, current, drive_summary, quotas

from mendwatch.clock import SystemClock
from mendwatch_onefs_sim.certificates import make_certificates

ROTATION = 4
#: Who may log in; they are not particular.
USER, PASSWORD = "monitor", "pretended"
_NOTHING = b'{"errors":[{"code":"AEC_NOT_FOUND","message":"Path not found."}]}'


@dataclass(frozen=True)
class Holdings:
    """What each cluster has: nodes, groups of statistics, drives of each node, quotas of directories."""

    nodes: int
    groups: tuple[str, ...] = DEFAULT
    bays: int = 0
    quotas: int = 0


@dataclass
class _Cluster:
    has: Holdings
    seed: int
    answers: dict[str, list[bytes]] = field(default_factory=dict)

    def answer(self, method: str, target: str) -> bytes:
        """Give a whole HTTP answer."""
        parts = urlsplit(target)
        if parts.path.startswith("/session"):
            return _session(method)
        render = self._rendering(parts.path, parse_qs(parts.query))
        if render is None:
            return self._fixed(parts.path)
        if target not in self.answers:
            self.answers[target] = [_http("200 OK", render(self.seed * ROTATION + turn)) for turn in range(ROTATION)]
        answers = self.answers[target]
        answers.append(answers.pop(0))
        return answers[0]

    def _rendering(self, path: str, query: dict[str, list[str]]) -> Callable[[int], bytes] | None:
        """Give what writes an answer from a seed, None for one that is always the same."""
        has = self.has
        if path.endswith("/statistics/current"):
            keys = query["keys"][0].split(",")
            return lambda seed: current(keys, has.nodes, seed, has.groups)
        if path.endswith("/statistics/summary/drive") and has.bays:
            return lambda seed: drive_summary(has.nodes, has.bays, seed)
        if path.endswith("/quota/quotas") and has.quotas:
            start = int(query.get("resume", ["0"])[0])
            count = 0 if query.get("type", ["directory"]) != ["directory"] else has.quotas
            return lambda seed: quotas(start, count, seed)
        return None

    def _fixed(self, path: str) -> bytes:
        if path.endswith("/latest"):
            return _http("200 OK", b'{"latest": "23"}')
        if path.endswith("/statistics/keys"):
            return _http("200 OK", catalogue(self.has.groups))
        if not path.endswith("/cluster/config"):
            return _http("404 Not Found", _NOTHING)
        devices = [{"devid": node, "lnn": node, "is_up": True} for node in range(1, self.has.nodes + 1)]
        config = {"name": f"c{self.seed}", "onefs_version": {"release": "9.12.0.0"}, "devices": devices}
        return _http("200 OK", json.dumps(config).encode())


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


async def _serve(has: Holdings, clusters: int, files: tuple[str, str], pipe: Connection) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*files)
    loop = asyncio.get_running_loop()
    made = [_Cluster(has, seed) for seed in range(clusters)]
    servers = [await loop.create_server(partial(_Connection, one), "127.0.0.1", 0, ssl=tls) for one in made]
    pipe.send([server.sockets[0].getsockname()[1] for server in servers])
    await loop.run_in_executor(None, pipe.recv)


def _main(has: Holdings, clusters: int, files: tuple[str, str], pipe: Connection) -> None:
    asyncio.run(_serve(has, clusters, files, pipe))


class Served:
    """Running clusters: `with Served(Holdings(nodes), clusters, folder) as served`."""

    def __init__(self, has: Holdings, clusters: int, folder: Path) -> None:
        made = make_certificates(folder, SystemClock().now())
        self.ca_file = made.ca_file
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        files = (str(made.certificate_file), str(made.key_file))
        self._process = context.Process(target=_main, args=(has, clusters, files, theirs), daemon=True)
        self.urls: list[str] = []

    def __enter__(self) -> Self:
        self._process.start()
        self.urls = [f"https://127.0.0.1:{port}" for port in self._pipe.recv()]
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.send(None)
        self._process.join(10)
