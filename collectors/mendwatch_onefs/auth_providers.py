"""Authentication providers (Active Directory, LDAP, local ...) and whether they serve. From auth/providers/summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import UNKNOWN, all_told, holding, once, told, word_of

LABELS = ("provider", "provider_type", "groupnet")
_SOURCE = "auth/providers/summary"
SERVING = ("online", "active")
DISABLED = "disabled"
STATES = (*SERVING, "offline", "initializing", "joining", DISABLED)
TYPES = ("ads", "ldap", "nis", "krb5", "file", "local", "unknown")

STATE = MetricSpec(
    "powerscale_auth_provider_state", f"1 for the state of the provider ({_SOURCE}: status).", labels=(*LABELS, "state")
)
ONLINE = MetricSpec(
    "powerscale_auth_provider_online",
    "Whether the provider serves: 1 online or active, 0 offline, initializing or joining; absent for one that was disabled "
    f"({_SOURCE}: status).",
    labels=LABELS,
)
CONNECTIONS = MetricSpec(
    "powerscale_auth_provider_connections", f"Servers that the provider is connected to ({_SOURCE}: connections).", labels=LABELS
)
METRICS = (STATE, ONLINE, CONNECTIONS)

SCHEMA = RecordSchema(
    "auth_provider",
    labels=LABELS,
    fields={"online": ONLINE.name, "connections": CONNECTIONS.name},
    help="One authentication provider.",
)


class Provider(msgspec.Struct):
    """One provider, as much of it as is used."""

    id: Any = None
    name: Any = None
    type: Any = None
    groupnet: Any = None
    status: Any = None
    connections: Any = None


class Summary(msgspec.Struct):
    """The answer."""

    provider_instances: list[Provider]


class AuthProvidersCollector:
    """Reads auth/providers/summary."""

    spec = CollectorSpec(
        "auth_providers", interval=60.0, timeout=30.0, metrics=METRICS, schemas=(SCHEMA,), privileges=("ISI_PRIV_AUTH",)
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch once.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        summary = await session.get(11, _SOURCE, Summary)
        samples = tuple(samples_of(summary.provider_instances, now, drift))
        return Reading(samples, complete=all_told(SCHEMA, _hosts(summary.provider_instances), samples), drift=drift.counts)


def samples_of(providers: Iterable[Provider], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn providers into samples. One that is configured twice by the same names shows the worse of its states."""
    for labels, provider in once(sorted(providers, key=_serves), labels_of).items():
        word = word_of(drift, f"{_SOURCE}: status", provider.status, STATES)
        word_of(drift, f"{_SOURCE}: type", provider.type, TYPES)
        yield from holding(STATE, word, now, *labels)
        known = word if word in STATES and word != DISABLED else None
        yield from told(ONLINE, None if known is None else known in SERVING, now, *labels)
        yield from told(CONNECTIONS, connections_of(provider, drift), now, *labels)


def labels_of(provider: Provider) -> tuple[str, str, str] | None:
    """Give what names a provider; None where nothing does."""
    name = name_of(provider.name) or name_of(provider.id)
    kind = word_of(Drift(), "", provider.type, TYPES) or UNKNOWN
    return (name, kind, name_of(provider.groupnet) or "") if name else None


def _hosts(providers: Sequence[Provider]) -> Iterator[tuple[str, ...] | None]:
    """Give the labels of the providers that somebody wants, None for each that may have lost one of its labels."""
    somewhere = any(name_of(provider.groupnet) for provider in providers)
    for provider in providers:
        named = name_of(provider.name) and name_of(provider.type) and (name_of(provider.groupnet) or not somewhere)
        if word_of(Drift(), "", provider.status, STATES) != DISABLED:
            yield labels_of(provider) if named else None


def connections_of(provider: Provider, drift: Drift) -> int | None:
    """Count the servers of a provider; None where it tells none at all, as local ones do."""
    if provider.connections is None:
        return None
    if not isinstance(provider.connections, list):
        drift.odd(f"{_SOURCE}: connections")
        return None
    return len(provider.connections)


def _serves(provider: Provider) -> bool:
    return word_of(Drift(), "", provider.status, STATES) in (*SERVING, DISABLED)
