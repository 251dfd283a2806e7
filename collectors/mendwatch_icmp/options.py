"""What may be said about addresses that are asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mendwatch_icmp.addresses import Listed

#: Seconds that one round may take; the collectors' own timeouts are above it.
LONGEST_ROUND = 45.0
#: Addresses of one target.
MOST_ADDRESSES = 10_000

Port = Annotated[int, Field(ge=1, le=65535)]


class IcmpOptions(BaseModel):
    """The options of an ICMP target."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    addresses: tuple[Listed, ...] = Field(
        default=(),
        max_length=MOST_ADDRESSES,
        description="More addresses of this target: names or IP addresses, or `{name: node-3, address: 10.0.0.3}`.",
    )
    count: Annotated[int, Field(ge=1, le=100)] = Field(default=3, description="Echo requests to each address in one poll.")
    interval: Annotated[float, Field(ge=0, le=10)] = Field(default=0.2, description="Seconds between two requests to an address.")
    timeout: Annotated[float, Field(ge=0.05, le=30)] = Field(default=1.0, description="Seconds to wait for each reply.")
    rate: Annotated[float, Field(ge=1, le=1_000_000)] = Field(
        default=20_000, description="Most echo requests a second, over all addresses of this target."
    )
    family: Literal["any", "ipv4", "ipv6"] = Field(
        default="any", description="The protocol that a name is resolved for; `any` takes IPv4 where there is one."
    )
    tcp: tuple[Port, ...] = Field(default=(), max_length=16, description="Ports of each address that must accept a connection.")
    tls: tuple[Port, ...] = Field(default=(), max_length=16, description="Ports of each address whose TLS certificate is read.")
    ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that `tls` verifies against; the system's if absent."
    )
    connect_timeout: Annotated[float, Field(ge=0.05, le=30)] = Field(
        default=3.0, description="Seconds that a connection, and then a TLS handshake, may take."
    )
    connections: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=256, description="Connections at a time, for `tcp` and for `tls`."
    )

    @model_validator(mode="after")
    def _each_once(self) -> IcmpOptions:
        _refuse_twice("addresses", [one.address for one in self.addresses])
        _refuse_twice("tcp", self.tcp)
        _refuse_twice("tls", self.tls)
        return self

    @model_validator(mode="after")
    def _round_ends(self) -> IcmpOptions:
        hosts = 1 + len(self.addresses)
        _refuse_long("a sweep", self.count * max(self.interval, hosts / self.rate) + self.timeout, "count, interval or timeout")
        tcp = self._batches(hosts * len(self.tcp)) * self.connect_timeout
        _refuse_long("connecting to every port of tcp", tcp, "connect_timeout, or raise connections")
        tls = self._batches(hosts * len(self.tls)) * self.connect_timeout * 4  # connect and shake hands, twice if nobody vouches
        _refuse_long("reading every certificate of tls", tls, "connect_timeout, or raise connections")
        return self

    def _batches(self, connections: int) -> int:
        return math.ceil(connections / self.connections)


def _refuse_twice(what: str, values: Iterable[object]) -> None:
    twice = [str(value) for value, times in Counter(values).items() if times > 1]
    if twice:
        message = f"{what} has {', '.join(twice)} more than once"
        raise ValueError(message)


def _refuse_long(what: str, seconds: float, lower: str) -> None:
    if seconds > LONGEST_ROUND:
        message = f"{what} may take {seconds:g} s; a poll has {LONGEST_ROUND:g} s: lower {lower}"
        raise ValueError(message)
