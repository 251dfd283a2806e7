"""What clients hold: SMB sessions and open files, NFS locks and the hosts of the lock manager, S3 buckets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mendwatch_onefs_sim.answers import not_found

_FIRST = 1001


@dataclass(frozen=True, slots=True)
class SmbSession:
    """One session; `started` and `used` are elapsed seconds of its beginning and of its last operation."""

    id: int
    lnn: int
    user: str
    computer: str
    started: float
    used: float


@dataclass(frozen=True, slots=True)
class OpenFile:
    """One open file of a session."""

    id: int
    session: int
    path: str
    user: str
    locks: int = 0


class SmbClients:
    """Holds sessions and their open files."""

    def __init__(self, nodes: Iterable[int]) -> None:
        self._sessions: dict[int, SmbSession] = {}
        self._files: dict[int, OpenFile] = {}
        self._next = _FIRST
        for lnn in nodes:
            for number in range(3):
                session = self.connect(lnn, f"user{number}", f"10.20.{lnn % 250}.{number + 1}", -3600.0)
                self.open_file(session.id, f"/ifs/data/share/{lnn}-{number}.docx")

    def sessions(self) -> list[SmbSession]:
        """Give every session, in the order of ids."""
        return list(self._sessions.values())

    def files(self) -> list[OpenFile]:
        """Give every open file, in the order of ids."""
        return list(self._files.values())

    def files_of(self, session: int) -> int:
        """Count the open files of a session."""
        return sum(file.session == session for file in self._files.values())

    def connect(self, lnn: int, user: str, computer: str, now: float) -> SmbSession:
        """Let a client open a session with a node."""
        session = SmbSession(self._number(), lnn, user, computer, now, now)
        self._sessions[session.id] = session
        return session

    def open_file(self, session: int, path: str, locks: int = 0) -> OpenFile:
        """Let a session open a file; one with locks keeps others out."""
        file = OpenFile(self._number(), session, path, self._sessions[session].user, locks)
        self._files[file.id] = file
        return file

    def use_again(self, file: OpenFile, path: str) -> None:
        """Let the id of an open file be that of another one, as ids are given again."""
        self._files[file.id] = OpenFile(file.id, file.session, path, file.user, file.locks)

    def wake(self, session: SmbSession, now: float) -> None:
        """Let the client of a session do something."""
        self._sessions[session.id] = replace(session, used=now)

    def close_session(self, key: str) -> None:
        """End a session and close its files.

        Raises:
            PapiError: 404.
        """
        if not key.isdecimal() or int(key) not in self._sessions:
            raise not_found(f"Session '{key}' was not found", "id")
        del self._sessions[int(key)]
        self._files = {number: file for number, file in self._files.items() if file.session != int(key)}

    def close_file(self, key: str) -> None:
        """Close a file.

        Raises:
            PapiError: 404.
        """
        if not key.isdecimal() or int(key) not in self._files:
            raise not_found(f"Open file '{key}' was not found", "id")
        del self._files[int(key)]

    def _number(self) -> int:
        self._next += 1
        return self._next - 1


@dataclass(frozen=True, slots=True)
class LockHost:
    """One host that the lock manager knows; `error` is why it could not be told to reclaim its locks."""

    id: str
    hostname: str
    address: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock; `created` is elapsed seconds, `version` v3 or v4."""

    id: str
    client: str
    path: str
    lin: int
    created: float
    version: str = "v3"


class NfsClients:
    """Holds the hosts of the lock manager and every lock."""

    def __init__(self) -> None:
        self._hosts: dict[str, LockHost] = {}
        self.locks: list[Lock] = []
        for number in range(2):
            host = self.know(f"client{number + 1}.example.com", f"10.30.0.{number + 1}")
            self.lock(host.hostname, f"/ifs/data/export/{number}.lock", -1800.0 * (number + 1), "v3" if number else "v4")

    def hosts(self) -> list[LockHost]:
        """Give every host, in the order in which they came."""
        return list(self._hosts.values())

    def know(self, hostname: str, address: str, error: str | None = None) -> LockHost:
        """Let the lock manager know a host."""
        host = LockHost(f"{hostname}-{len(self._hosts) + 1}", hostname, address, error)
        self._hosts[host.id] = host
        return host

    def lock(self, client: str, path: str, now: float, version: str = "v3") -> Lock:
        """Let a client take a lock."""
        number = len(self.locks) + 1
        made = Lock(f"2:{number}", client, path, 4_295_000_000 + number, now, version)
        self.locks.append(made)
        return made

    def forget(self, key: str) -> None:
        """Forget a host and destroy its locks.

        Raises:
            PapiError: 404.
        """
        host = self._hosts.pop(key, None)
        if host is None:
            raise not_found(f"Session '{key}' was not found", "id")
        self.locks = [lock for lock in self.locks if lock.client != host.hostname]


@dataclass(frozen=True, slots=True)
class Bucket:
    """One S3 bucket of the System zone."""

    name: str
    path: str
    object_lock: bool = False


def starting_buckets() -> list[Bucket]:
    """Give the buckets that were there before the start."""
    return [Bucket("archive", "/ifs/data/s3/archive", object_lock=True), Bucket("media", "/ifs/data/s3/media")]
