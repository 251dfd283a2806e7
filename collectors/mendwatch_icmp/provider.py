"""The provider `icmp`: what the agent finds by its entry point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from mendwatch.clock import Clock, SystemClock
from mendwatch.errors import ConfigurationError
from mendwatch.model.targets import Credential, Target
from mendwatch.provider import Collector, Stream
from mendwatch_icmp.addresses import is_address
from mendwatch_icmp.options import IcmpOptions
from mendwatch_icmp.reachability import ReachabilityCollector
from mendwatch_icmp.session import IcmpSession
from mendwatch_icmp.tcp import TcpCollector
from mendwatch_icmp.tls import TlsCollector


@dataclass(frozen=True, slots=True)
class IcmpProvider:
    """Reachability of any address. Implements mendwatch.provider.Provider."""

    clock: Clock = field(default_factory=SystemClock)
    name: str = "icmp"
    target_label: str = "target"
    metric_prefix: str = "icmp"
    options_model: type[BaseModel] = IcmpOptions
    needs_credential: bool = False

    def open(self, target: Target, credential: Credential | None) -> IcmpSession:  # noqa: ARG002 - part of the contract
        """Make a session without I/O.

        Raises:
            ConfigurationError: the address cannot be used.
        """
        if not is_address(target.address):
            raise ConfigurationError(f"{target.address!r} is no address to ping", hint="Write a host name or an IP address alone.")
        return IcmpSession(target, IcmpOptions.model_validate(dict(target.options)), self.clock)

    def collectors(self) -> Sequence[Collector]:
        """Give all; those for ports do nothing where the options name none."""
        return (ReachabilityCollector(), TcpCollector(), TlsCollector())

    def streams(self) -> Sequence[Stream]:
        """Give none."""
        return ()

    def playbook_environment(self, target: Target, credential: Credential) -> Mapping[str, str]:  # noqa: ARG002 - part of the contract
        """Give nothing: there is nothing to change by ICMP."""
        return {}
