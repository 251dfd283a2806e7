"""A remediation as loaded from its folder: what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Risk(StrEnum):
    """Fixed in the catalogue, never by a model. High risk is decided in the console or the CLI only."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that each phase may take as a whole."""

    plan: float = 60.0
    apply: float = 300.0
    resolve: float = 60.0


@dataclass(frozen=True, slots=True)
class ResolveEvents:
    """Which open events a verified run settles, and the playbook that says so to the target.

    An event belongs to the run when its kind is `kind` and, for each pair in `equal`, the event's attribute
    (left) equals the run's variable (right).
    """

    playbook: str
    kind: str
    equal: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Remediation:
    """The metadata of one folder under remediations/, with the digest of its whole tree.

    `id` is `<provider>/<name>`. `parameters` is a JSON Schema of type object. `digest` is the SHA-256 over the names
    and contents of every file in the folder and of the Ansible collections it uses. `unavailable` says why it cannot
    run here, or is None.
    """

    id: str
    title: str
    description: str
    risk: Risk
    reversible: bool
    idempotent: bool
    parameters: Mapping[str, object]
    preconditions: tuple[str, ...]
    verification: str
    rollback: str
    timeouts: Timeouts
    requires_collections: tuple[str, ...]
    requires_privileges: tuple[str, ...]
    resolve: ResolveEvents | None
    digest: str
    folder: Path
    playbook: Path
    unavailable: str | None = None

    @property
    def provider(self) -> str:
        """The provider whose targets it is for: the first part of the id."""
        return self.id.split("/", 1)[0]

    @property
    def collections(self) -> Path:
        """The folder that holds `ansible_collections` for it: the root that the remediation was loaded from."""
        return self.folder.parent.parent
