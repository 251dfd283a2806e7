"""Every setting with its unit, its default and the reason for the default. docs/configure.md is checked against this."""

from __future__ import annotations

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mendwatch.config.durations import Duration
from mendwatch.config.maintenance import MaintenanceSettings
from mendwatch.config.wording import HintedError

_SQLITE = frozenset({"sqlite", "sqlite+aiosqlite"})
_POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+asyncpg"})
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class CredentialSettings(_Strict):
    """One account of a target."""

    username: str = Field(description="The account's name.")
    password: str = Field(
        repr=False, description="`${ENV}` or `file:PATH`; a password written here works too, but then this file is a secret."
    )


class CredentialsSettings(_Strict):
    """The two tiers of access; give them different accounts."""

    read: CredentialSettings | None = Field(default=None, description="Polls and plans. Needs read privileges only.")
    write: CredentialSettings | None = Field(
        default=None, description="Used only inside an approved run. Without it, nothing is ever applied to this target."
    )


class CollectorSettings(_Strict):
    """What may be changed of one collector."""

    enabled: bool = Field(default=True, description="Whether it runs at all.")
    interval: Duration | None = Field(default=None, description="Time between two polls; the collector's own default if absent.")
    budget: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="The most series that one poll may give; the collector's own default if absent. A poll that gives more fails.",
    )


class TargetSettings(_Strict):
    """One cluster or device."""

    name: str = Field(pattern=_NAME, description="The target's id: it becomes a label of every sample.")
    provider: str = Field(description="The kind of infrastructure: `onefs`, `icmp`, ...")
    address: str = Field(description="Host name, address or URL, as the provider wants it.")
    labels: dict[str, str] = Field(default_factory=dict, description="Your own labels, for rules' matchers.")
    credentials: CredentialsSettings = Field(default_factory=CredentialsSettings, description="Accounts, by tier.")
    collectors: dict[str, CollectorSettings] = Field(default_factory=dict, description="Changes to single collectors.")
    options: dict[str, object] = Field(default_factory=dict, description="The provider's own options.")


class RunsSettings(_Strict):
    """How remediations are run."""

    enabled: bool = Field(default=True, description="The kill switch: false plans and applies nothing, whatever rules say.")
    concurrent: Annotated[int, Field(ge=1, le=4)] = Field(
        default=2, description="Playbooks at a time. Ansible costs a core each; more only makes each slower."
    )
    directory: Path | None = Field(
        default=None, description="Run directories, mode 0700. Default: a folder on tmpfs, so that nothing of a run reaches a disk."
    )


class McpSettings(_Strict):
    """The MCP endpoint."""

    enabled: bool = Field(default=True, description="Whether /mcp is served. Every call needs a token.")
    allowed_hosts: list[str] = Field(
        default_factory=list, description="Host headers accepted besides the listen address (against DNS rebinding)."
    )


class ReadingsSettings(_Strict):
    """The record of what the rules saw, on disk."""

    age: Duration = Field(default=timedelta(days=7), description="How long a reading is kept at most.")
    disk_mib: Annotated[int, Field(ge=0, le=1_048_576)] = Field(
        default=512,
        description="Disk that the record may take in `state_dir`, in MiB; the oldest goes first. 0 records nothing: then no "
        "rule can be put to what was.",
    )


class HistorySettings(_Strict):
    """The embedded history, which is in memory, and the record for backtests, which is on disk."""

    age: Duration = Field(default=timedelta(hours=6), description="How long a number is kept at most.")
    memory_mib: Annotated[int, Field(ge=1, le=65_536)] = Field(
        default=64,
        description="Memory that it may take, in MiB; the oldest goes first. A number takes 8 bytes, a series 200 once: "
        "64 hold 6 hours of 10,000 series every 30 s. A cluster of 250,000 series wants 1,000 and more.",
    )
    readings: ReadingsSettings = Field(
        default_factory=ReadingsSettings, description="What the rules saw, kept on disk so that they can be asked again."
    )


class Settings(_Strict):
    """The whole configuration file. An empty file is a valid one: an agent that watches nothing."""

    state_dir: Path = Field(
        default=Path("~/.local/state/mendwatch"), description="Folder of the state database and the audit key, mode 0700."
    )
    state: str | None = Field(
        default=None,
        description="URL of the state: a SQLite file (default: state.db in `state_dir`), or `postgresql://USER@HOST/DATABASE`, "
        "which several agents may share.",
    )
    state_password: str | None = Field(
        default=None,
        repr=False,
        description="The password of the PostgreSQL user: `${ENV}` or `file:PATH`. Not needed where the server knows "
        "the user otherwise.",
    )
    listen: str = Field(default="127.0.0.1:9732", description="Address and port of HTTP. Port 0 takes a free one.")
    web_config: Path | None = Field(
        default=None,
        description="File with TLS and passwords of the web server, in the format that Prometheus' programs share "
        "(exporter-toolkit's web-config). Default: plain HTTP, open to whoever reaches `listen`.",
    )
    instance_label_name: str | None = Field(
        default=None,
        pattern=r"^[a-zA-Z][a-zA-Z0-9_]*$",
        description="Another name on /metrics for the label that carries the target (`cluster` for OneFS), where Prometheus' own "
        "targets have a label of that name. Rules, history and the shipped dashboards keep the provider's name.",
    )
    log_format: Literal["text", "json"] = Field(default="text", description="`text` for people, `json` for machines.")
    rules: list[Path] = Field(default_factory=list, description="Files or folders of your own rules, beside those shipped.")
    shipped_rules: bool = Field(default=True, description="Whether the shipped rules are loaded.")
    remediations: list[Path] = Field(default_factory=list, description="Folders of your own remediations, beside those shipped.")
    history: HistorySettings = Field(default_factory=HistorySettings, description="What is kept of every number, for questions.")
    runs: RunsSettings = Field(default_factory=RunsSettings, description="How remediations are run.")
    maintenance: list[MaintenanceSettings] = Field(
        default_factory=list, description="Maintenance windows: times in which nobody is called and nothing is mended."
    )
    mcp: McpSettings = Field(default_factory=McpSettings, description="What is offered to language models.")
    targets: list[TargetSettings] = Field(default_factory=list, description="What is watched.")

    @field_validator("targets")
    @classmethod
    def _names_are_unique(cls, value: list[TargetSettings]) -> list[TargetSettings]:
        names = [target.name for target in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"two targets have the name {twice[0]!r}"
            raise ValueError(message)
        return value

    @field_validator("maintenance")
    @classmethod
    def _windows_are_told_apart(cls, value: list[MaintenanceSettings]) -> list[MaintenanceSettings]:
        names = [window.name for window in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"two maintenance windows have the name {twice[0]!r}"
            raise ValueError(message)
        return value

    @field_validator("state")
    @classmethod
    def _state_is_a_database(cls, value: str | None) -> str | None:
        if value is None:
            return value
        scheme, found, rest = value.partition("://")
        if found and scheme in _SQLITE and rest.removeprefix("/").split("?")[0] not in {"", ":memory:"}:
            return value
        if not (found and scheme in _POSTGRESQL):
            hint = "Leave `state` out, or write sqlite:////var/lib/mendwatch/state.db or postgresql://mendwatch@db.example.com/mendwatch."
            raise HintedError("the state is a SQLite file or a PostgreSQL database", hint)
        if ":" in rest.partition("/")[0].rpartition("@")[0] or "password=" in rest.partition("?")[2]:
            hint = "Take it out, and write `state_password: file:PATH` or `state_password: ${ENV}`."
            raise HintedError("the URL of the state holds a password", hint)
        return value

    @field_validator("listen")
    @classmethod
    def _listen_has_a_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - the largest port
            message = f"{value!r} is no address and port, such as 127.0.0.1:9732 or [::1]:9732"
            raise ValueError(message)
        return value

    @property
    def host(self) -> str:
        """The address to listen on, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen on; 0 takes a free one."""
        return int(self.listen.rpartition(":")[2])

    @property
    def state_url(self) -> str:
        """The state's URL, with the default filled in."""
        return self.state or f"sqlite+aiosqlite:///{self.state_dir / 'state.db'}"

    @property
    def run_directory(self) -> Path:
        """Where run directories are made: the configured folder, else one on tmpfs, else one among the temporary files."""
        return self.runs.directory or _tmpfs() / f"mendwatch-{os.getuid()}"

    @property
    def readings_directory(self) -> Path:
        """Where the record of readings lies."""
        return self.state_dir / "readings"


def _tmpfs() -> Path:
    """Give a folder in memory, writable by us: systemd's runtime folder, /dev/shm, else the temporary folder."""
    for candidate in (os.environ.get("RUNTIME_DIRECTORY"), os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm"):  # noqa: S108 - tmpfs is the point: secrets in memory, in a 0700 folder of our own
        if candidate and Path(candidate).is_dir() and os.access(candidate, os.W_OK):
            return Path(candidate)
    return Path(tempfile.gettempdir())
