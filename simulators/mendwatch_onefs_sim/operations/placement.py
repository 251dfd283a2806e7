"""Where data is put and what is saved: deduplication, FilePool policies, CloudPools and DataMover."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(slots=True)
class Dedupe:
    """What SmartDedupe has done, in blocks of `block_size` bytes."""

    block_size: int = 8192
    logical: int = 12_400_000
    saved: int = 4_700_000
    estimated_physical: int = 15_100_000
    estimated_saved: int = 5_900_000
    total: int = 32_000_000_000
    used: int = 14_000_000_000


@dataclass(frozen=True, slots=True)
class FilePolicy:
    """One FilePool policy; `order` is when it is tried."""

    name: str
    order: int
    state: str = "OK"
    details: str = ""


class FilePolicies:
    """Holds every FilePool policy."""

    def __init__(self) -> None:
        self._policies = {one.name: one for one in (FilePolicy("old-to-archive", 1), FilePolicy("media-to-cloud", 2))}

    def all(self) -> list[FilePolicy]:
        """Give every policy, in the order in which they are tried."""
        return sorted(self._policies.values(), key=lambda one: one.order)

    def put(self, policy: FilePolicy) -> None:
        """Keep a policy in place of the one with its name."""
        self._policies[policy.name] = policy

    def disable(self, name: str, details: str) -> None:
        """Let the cluster refuse a policy."""
        self.put(replace(self._policies[name], state="disabled", details=details))


@dataclass(frozen=True, slots=True)
class CloudJob:
    """One job of CloudPools; the counts are files, `created` is elapsed seconds."""

    id: int
    kind: str
    state: str
    created: float
    files: int = 0
    failed: int = 0


@dataclass(slots=True)
class Cloud:
    """CloudPools as it stands: the states of accounts and pools by name, and the jobs by id."""

    accounts: dict[str, str] = field(default_factory=lambda: {"cloud-account-1": "OK"})
    pools: dict[str, str] = field(default_factory=lambda: {"cloud-pool-1": "OK"})
    jobs: dict[int, CloudJob] = field(
        default_factory=lambda: {
            1: CloudJob(1, "cache-writeback", "running", -86_400.0),
            2: CloudJob(2, "archive", "completed", -7200.0, files=120),
        }
    )

    def lose(self, account: str) -> None:
        """Let the cloud of an account be out of reach."""
        self.accounts[account] = "unreachable"

    def run(self, kind: str, state: str, now: float, files: int = 0, failed: int = 0) -> CloudJob:
        """Add a job."""
        job = CloudJob(max(self.jobs, default=0) + 1, kind, state, now, files, failed)
        self.jobs[job.id] = job
        return job


@dataclass(frozen=True, slots=True)
class MoverPolicy:
    """One policy of DataMover."""

    id: int
    name: str
    enabled: bool = True
    disabled_by_system: bool = False


@dataclass(frozen=True, slots=True)
class MoverJob:
    """One job of DataMover; `started` is elapsed seconds, `failed_tasks` are their errors."""

    id: int
    policy: int
    state: str
    started: float
    failed_tasks: tuple[str, ...] = ()


class DataMover:
    """Holds policies and jobs of DataMover."""

    def __init__(self) -> None:
        self.policies = {one.id: one for one in (MoverPolicy(21, "copy-home"), MoverPolicy(22, "expire-old", enabled=False))}
        self.jobs: dict[int, MoverJob] = {}
        self.run(21, "finished", -10_000.0)
        self.run(21, "running", -600.0)

    def run(self, policy: int, state: str, now: float, failed_tasks: tuple[str, ...] = ()) -> MoverJob:
        """Add a job of a policy, the newest of all."""
        job = MoverJob(max(self.jobs, default=0) + 1, policy, state, now, failed_tasks)
        self.jobs[job.id] = job
        return job

    def disable(self, policy: int) -> None:
        """Let DataMover itself disable a policy, as it does after a cancelled job."""
        self.policies[policy] = replace(self.policies[policy], enabled=False, disabled_by_system=True)
