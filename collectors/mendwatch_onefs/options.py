"""What may be said about one cluster under `options:`; checked before anything is asked.

It knows the words and their limits only. What they do is in `wire` (connections) and in the collectors.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress, field_validator, model_validator

#: OneFS' own words for the types of quotas.
QuotaType = Literal["directory", "default-directory", "user", "group", "default-user", "default-group"]

_SHA256 = re.compile(r"[0-9a-f]{64}")


class StatisticsOptions(BaseModel):
    """What is read of the statistics."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    groups: tuple[Literal["default", "nodes", "drives", "protocols", "caches", "heat", "all"], ...] = Field(
        default=("default",),
        min_length=1,
        description="Groups of statistics that are read. `default` is what most alerts need; `nodes` adds CPU peaks and SSDs, "
        "`drives` every drive, `protocols` each kind of operation, `caches` hits and misses, `heat` how often each kind of event "
        "happens; `all` is everything that the cluster's own catalogue has. Each group costs the cluster something.",
    )


class OneFSOptions(BaseModel):
    """The options of a OneFS target. TLS is always verified: by `ca_file`, by `fingerprint` or by the system's store."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    addresses: tuple[IPvAnyAddress, ...] = Field(
        default=(),
        description="IP addresses of single nodes, asked in this order instead of resolving the name: a session stays with one "
        "until it fails. The certificate must still be good for `address`.",
    )
    ca_file: Path | None = Field(
        default=None,
        description="Absolute path of the PEM file with the certificate authority that signed the cluster's certificate. "
        "Default: the system's store.",
    )
    fingerprint: str | None = Field(
        default=None,
        description="SHA-256 of the cluster's certificate in hex, with or without colons: only this certificate is trusted.",
    )
    timeout: Annotated[float, Field(ge=0.1, le=120)] = Field(
        default=10.0, description="Seconds that one request may take as a whole, from connecting to the last byte."
    )
    concurrency: Annotated[int, Field(ge=1, le=16)] = Field(
        default=2,
        description="Requests and connections at a time; a cluster's API has few workers and they are shared with people.",
    )
    statistics: StatisticsOptions = Field(default_factory=StatisticsOptions, description="What is read of the statistics.")
    quota_types: tuple[QuotaType, ...] = Field(
        default=("directory", "default-directory"),
        min_length=1,
        description="Types of quotas that are read. Those of users and groups are left out unless they are named here: "
        "a cluster can have a hundred thousand of them.",
    )
    quota_limit: Annotated[int, Field(ge=1, le=200_000)] = Field(
        default=20_000,
        description="Quotas that one poll may read; where there are more, the poll fails and says so. "
        "One quota gives up to 15 series.",
    )
    client_top: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=20,
        description="Clients that are shown, those with the highest rate of operations; 0 leaves clients out.",
    )
    heat_top: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0, description="Paths of the file heat map that are shown, the hottest; 0 leaves the heat map out."
    )
    workload_datasets: tuple[str, ...] = Field(
        default=(), description="Performance datasets whose workloads are read, by name (such as System); none by default."
    )
    workload_top: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=50, description="Workloads that are shown of each performance dataset, those with the highest rate of operations."
    )

    @field_validator("ca_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        path = value.expanduser() if value else None
        if path and not path.is_absolute():
            message = f"{str(path)!r} is no absolute path: the agent and its playbooks run in different folders"
            raise ValueError(message)
        return path

    @field_validator("fingerprint")
    @classmethod
    def _hex(cls, value: str | None) -> str | None:
        digits = value.replace(":", "").lower() if value is not None else None
        if digits is not None and not _SHA256.fullmatch(digits):
            message = "a SHA-256 fingerprint has 64 hex digits; `openssl x509 -noout -fingerprint -sha256` prints one"
            raise ValueError(message)
        return digits

    @model_validator(mode="after")
    def _one_trust(self) -> OneFSOptions:
        if self.ca_file and self.fingerprint:
            message = "ca_file and fingerprint exclude each other: a pinned certificate needs no authority"
            raise ValueError(message)
        return self
