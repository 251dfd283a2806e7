"""Who asks: a person at the command line, a token over MCP, or a rule of the agent itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a token may do. Each role also reads, but for `source`: a program that delivers alerts and sees nothing."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    AUDITOR = "auditor"
    SOURCE = "source"


class Permission(StrEnum):
    """The scopes that tools and webhooks ask for."""

    READ = "read"
    PROPOSE = "propose"
    DECIDE = "decide"
    AUDIT = "audit"
    DELIVER = "deliver"


PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.OPERATOR: frozenset({Permission.READ, Permission.PROPOSE}),
    Role.APPROVER: frozenset({Permission.READ, Permission.DECIDE}),
    Role.AUDITOR: frozenset({Permission.READ, Permission.AUDIT}),
    Role.SOURCE: frozenset({Permission.DELIVER}),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """An identity and the channel it came by (`cli`, `mcp`, `rule`, `agent`).

    `person` is whose word it is, where that is not the name; `token` the id of the token it came by, which is asked for again when
    it counts; `acting_for` whom a deputy decides for; a `model` decides nothing.
    """

    name: str
    via: str
    permissions: frozenset[Permission] = frozenset()
    person: str = ""
    token: str = ""
    acting_for: str = ""
    model: bool = False

    @property
    def actor(self) -> str:
        """The name as it stands in the audit: `via:name`."""
        return f"{self.via}:{self.name}"

    @property
    def human(self) -> str:
        """Whose word it is."""
        return self.person or self.name


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token: never the secret, only its SHA-256."""

    id: str
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    #: Whose it is; empty: whoever its name says.
    person: str = ""
    #: Whether a program decides what is asked with it: such a token never decides a run.
    model: bool = False
    #: Whom its person decides for now; known when it is looked up, and not kept.
    acting_for: str = ""
