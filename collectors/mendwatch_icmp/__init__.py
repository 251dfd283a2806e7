"""Reachability by ICMP, for any target."""

from __future__ import annotations

from mendwatch.provider import Provider
from mendwatch_icmp.provider import IcmpProvider

#: What the agent finds by the entry point.
PROVIDER: Provider = IcmpProvider()
