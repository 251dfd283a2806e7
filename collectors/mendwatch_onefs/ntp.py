"""The time servers that the cluster asks. From protocols/ntp/servers.

Without one the clocks of the nodes walk away from those of the clients, and Kerberos ends with them; the skew itself is in
`time_skew`. The answer does not tell whether a server can be reached.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import listed, needs_one
from mendwatch_onefs.series import Finding, samples
from mendwatch_onefs.session import OneFSSession

RESOURCE = "protocols/ntp/servers"
SERVERS = MetricSpec("powerscale_ntp_servers", f"Time servers that the cluster asks ({RESOURCE}).")
SERVER_INFO = MetricSpec("powerscale_ntp_server_info", f"Always 1; a time server ({RESOURCE}: name).", labels=("server",))
SCHEMA = RecordSchema("ntp", (), {"servers": SERVERS.name}, help="The time servers of the cluster together.")


class Server(msgspec.Struct):
    """One server, as much of it as is used: its key is nobody's business."""

    name: Any = None


class ServerPage(msgspec.Struct):
    """One page of the list."""

    servers: list[Server]
    resume: Any = None


class NtpCollector:
    """Reads the list of time servers."""

    spec = CollectorSpec(
        "ntp",
        interval=900.0,
        timeout=30.0,
        metrics=(SERVERS, SERVER_INFO),
        schemas=(SCHEMA,),
        privileges=("ISI_PRIV_NTP",),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch every page once.

        Raises:
            TargetError: of the type that says when to try again.
        """
        servers = await listed(session, 3, RESOURCE, ServerPage, lambda page: page.servers, {})
        needs_one("NTP", servers)
        return reading_of(servers or (), now)


def reading_of(servers: Iterable[Server], now: datetime) -> Reading:
    """Turn the list into samples; an empty one is a true 0."""
    drift, findings = Drift(), list[Finding]()
    entries = list(servers)
    findings.append((SERVERS, (), float(len(entries))))
    for server in entries:
        name = name_of(server.name)
        if name is None:
            drift.odd(f"{RESOURCE}: name")
        else:
            findings.append((SERVER_INFO, (name,), 1.0))
    return Reading(samples(findings, now, RESOURCE, drift), complete=frozenset({SCHEMA.name}), drift=drift.counts)
