"""Which addresses a target has: its own, and those of its options. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

#: Characters that no host name or address has; they tell that somebody wrote a URL, a network or two addresses.
_NEVER = frozenset("/,;@ \t\r\n\"'")
LONGEST = 255


def is_address(text: str) -> bool:
    """Tell whether this may be a host name or an IP address; only a resolver knows for certain."""
    return 0 < len(text) <= LONGEST and text.isprintable() and not _NEVER & set(text)


def _spelled(value: object) -> object:
    return {"address": value} if isinstance(value, str) else value


def _one(value: str) -> str:
    if not is_address(value):
        message = f"{value!r} is no address to ask; write a host name or an IP address alone"
        raise ValueError(message)
    return value


class NamedAddress(BaseModel):
    """One of many addresses, with a name for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: Annotated[str, BeforeValidator(_one)] = Field(description="Host name or IP address.")
    name: str = Field(default="", max_length=LONGEST, description="What people call it; the address itself if absent.")


#: A bare string is an address without a name.
Listed = Annotated[NamedAddress, BeforeValidator(_spelled)]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of a target, as configured, and what people call it."""

    address: str
    name: str

    @property
    def labels(self) -> tuple[str, str]:
        """The values of the labels `address` and `name`."""
        return (self.address, self.name)


def endpoints_of(address: str, listed: tuple[NamedAddress, ...]) -> tuple[Endpoint, ...]:
    """Give the target's own address and then the others, each once; a listed one keeps its name."""
    found = {one.address: Endpoint(one.address, one.name or one.address) for one in listed}
    own = found.pop(address, Endpoint(address, address))
    return (own, *found.values())
