"""Debian's Prometheus as the reader: a process that scrapes the agent and is asked how long that took. Absent where it is not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
from contextlib import closing
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote
from urllib.request import urlopen

import yaml

PROGRAM = shutil.which("prometheus")


class Prometheus:
    """A server that scrapes one address: `with Prometheus(folder, address, seconds) as server`."""

    def __init__(self, folder: Path, address: str, interval: float) -> None:
        folder.mkdir()
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        scraped = {"job_name": "mendwatch", "static_configs": [{"targets": [address]}]}
        times = {"scrape_interval": f"{interval:g}s", "scrape_timeout": f"{interval:g}s"}
        file = folder / "prometheus.yml"
        file.write_text(yaml.safe_dump({"global": times, "scrape_configs": [scraped]}), "utf-8")
        self._url, self._log = f"http://127.0.0.1:{port}/api/v1/query?query=", folder / "log"
        self._command = [
            PROGRAM or "prometheus",
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            actions = [(os.POSIX_SPAWN_DUP2, log.fileno(), number) for number in (1, 2)]
            self._pid = os.posix_spawn(self._command[0], self._command, os.environ, file_actions=actions)
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGTERM)
        os.waitpid(self._pid, 0)

    def numbers(self, selector: str) -> list[float]:
        """Give the numbers of a series over a range, the oldest first."""
        with urlopen(self._url + quote(selector), timeout=10) as answer:  # noqa: S310 - our own address
            found: list[Any] = json.load(answer)["data"]["result"]
        return [float(value) for series in found for _, value in series["values"]]
