"""What may be said about one address that is pinged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: Seconds that one round may take; the collector's own timeout is above it.
LONGEST_ROUND = 45.0


class IcmpOptions(BaseModel):
    """The options of an ICMP target."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: Annotated[int, Field(ge=1, le=100)] = Field(default=3, description="Echo requests per round.")
    interval: Annotated[float, Field(ge=0, le=10)] = Field(default=0.2, description="Seconds between two requests of a round.")
    timeout: Annotated[float, Field(ge=0.05, le=30)] = Field(default=1.0, description="Seconds to wait for each reply.")
    family: Literal["any", "ipv4", "ipv6"] = Field(
        default="any", description="The protocol that a name is resolved for; `any` takes IPv4 where there is one."
    )

    @model_validator(mode="after")
    def _round_ends(self) -> IcmpOptions:
        longest = self.count * (self.timeout + self.interval)
        if longest > LONGEST_ROUND:
            message = f"count x (timeout + interval) is {longest:g} s; a round may take {LONGEST_ROUND:g} s at most"
            raise ValueError(message)
        return self
