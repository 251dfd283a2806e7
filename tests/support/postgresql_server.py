"""Debian's PostgreSQL as a process of the tests: a cluster of its own in a temporary folder, reached by a socket there.

PostgreSQL never runs as root; where the tests do, it runs as another user.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import pwd
import shutil
import signal
import tempfile
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from mendwatch.clock import SystemClock
from mendwatch.store.sql import open_store

T = TypeVar("T")

#: Nothing here outlives the test, so nothing waits for the disk; what was committed still outlives the server's death.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}


def programs() -> Path:
    """Give the folder of PostgreSQL's programs; skip with one line where it is missing, and fail in CI."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    found = folders[-1].parent if folders else None
    if found is None and (program := shutil.which("postgres")):
        found = Path(program).resolve().parent
    if found is None:
        line = "PostgreSQL is not installed (Debian: apt install postgresql)"
        pytest.fail(line) if os.environ.get("CI") else pytest.skip(line)
    return found


def aside(work: Coroutine[Any, Any, T]) -> T:
    """Run something on a loop of its own, whatever loop the caller has."""
    answers: list[T] = []
    thread = threading.Thread(target=lambda: answers.append(asyncio.run(work)))
    thread.start()
    thread.join()
    assert answers, "it failed: see the thread's traceback"
    return answers[0]


class Server:
    """One cluster. `start` and `stop` may follow each other; the data stays."""

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self.folder = folder
        self._bin = programs()
        self._options = options
        self._pid: int | None = None
        self._port = 5432  # of the socket's name
        self._user = None if os.getuid() else _somebody()

    @property
    def pid(self) -> int:
        """The number of the server's first process."""
        assert self._pid is not None, "the server does not run"
        return self._pid

    def url(self, database: str) -> str:
        """Give the URL of one of its databases."""
        return f"postgresql://mendwatch@/{database}?host={self.folder}"

    def make(self) -> None:
        """Make the cluster's files."""
        self.folder.chmod(0o755)
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        if self._user is not None:
            for path in (self.folder, data):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        arguments = ("-D", str(data), "-U", "mendwatch", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
        aside(self._run("initdb", *arguments))

    def secure(self, certificate: Path, key: Path, port: int) -> None:
        """Let it answer over TLS on the loopback too, from its next start on."""
        data = self.folder / "data"
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            (data / name).write_bytes(source.read_bytes())
            (data / name).chmod(0o600)
            if self._user is not None:
                os.chown(data / name, self._user.pw_uid, self._user.pw_gid)
        self._options = (*self._options, "--ssl=on", "--listen_addresses=127.0.0.1,127.0.0.2", f"--port={port}")
        hba = data / "pg_hba.conf"
        hba.write_text(f"{hba.read_text()}\nhost all all 127.0.0.0/8 trust\n")
        self._port = port

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        self._pid = aside(
            self._spawn("postgres", "-D", str(self.folder / "data"), "-k", str(self.folder), *settings, *self._options)
        )
        aside(self._answers())

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: SIGQUIT at once, as a crash would; SIGINT in order."""
        os.kill(self.pid, how)
        aside(self._gone(self.pid))
        self._pid = None

    def ask(self, *statements: str, database: str = "postgres") -> str:
        """Say something to it, and give what it answers."""
        commands = [part for statement in statements for part in ("-c", statement)]
        return aside(
            self._run("psql", "-h", str(self.folder), "-U", "mendwatch", "-qAtX", "-v", "ON_ERROR_STOP=1", *commands, database)
        )

    async def _run(self, name: str, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            self._bin / name, *arguments, cwd="/", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, **self._as()
        )
        said = (await process.communicate())[0].decode()
        assert process.returncode == 0, said
        return said.strip()

    async def _spawn(self, name: str, *arguments: str) -> int:
        """Start it as nobody's child, as an init does: the loop that starts it does not live long enough to wait for it."""
        log = self.folder / "log"
        line = f'"$@" </dev/null >>{log} 2>&1 & echo $!'
        return int(await self._run("/bin/sh", "-c", line, "sh", str(self._bin / name), *arguments))

    async def _answers(self) -> None:
        async with asyncio.timeout(30):
            while True:
                assert _alive(self.pid), (self.folder / "log").read_text()
                with contextlib.suppress(AssertionError):
                    await self._run("pg_isready", "-q", "-h", str(self.folder), "-p", str(self._port))
                    return
                await asyncio.sleep(0.02)

    async def _gone(self, pid: int) -> None:
        async with asyncio.timeout(30):
            while _alive(pid):  # noqa: ASYNC110 - a process that is nobody's child here tells nobody
                await asyncio.sleep(0.01)

    def _as(self) -> dict[str, Any]:
        return {} if self._user is None else {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


class Databases:
    """Databases of one server, each as a new state is: copied from one that was made once."""

    def __init__(self, server: Server, key: bytes = bytes(range(32))) -> None:
        self._server = server
        self._key = key
        self._numbers = itertools.count(1)
        self._template = False

    @contextlib.asynccontextmanager
    async def one(self, *, drop: bool = True) -> AsyncIterator[str]:
        """Give the URL of a new one, which is gone afterwards; without `drop` with the server, which may be stopped meanwhile."""
        library = pytest.importorskip("asyncpg", reason="the extra `postgres` is not installed")
        name = f"state{next(self._numbers)}"
        connection = await library.connect(host=str(self._server.folder), user="mendwatch", database="postgres")
        try:
            if not self._template:
                await connection.execute("CREATE DATABASE template")
                store = await open_store(self._server.url("template"), key=self._key, clock=SystemClock())
                await store.close()
                self._template = True
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE template")
            yield self._server.url(name)
            if drop:
                await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        finally:
            await connection.close()


@contextlib.contextmanager
def serving(*options: str) -> Iterator[Server]:
    """Run a server for a block."""
    programs()
    memory = next(path for path in ("/dev/shm", "/tmp") if os.access(path, os.W_OK))  # noqa: S108 - a socket has a short path
    folder = Path(tempfile.mkdtemp(prefix="mwpg-", dir=memory))
    server = Server(folder, options)
    try:
        server.make()
        server.start()
        yield server
    finally:
        if server._pid is not None:
            server.stop()
        shutil.rmtree(folder)


def _alive(pid: int) -> bool:
    """Whether a process lives; one that waits for its parent to look does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _somebody() -> pwd.struct_passwd:
    """Give an account that is not root's."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    pytest.skip("PostgreSQL does not run as root, and there is no other account")
