"""Certificates of TLS ports: until when, who vouches, for which name. It does nothing for a target whose options name no port.

A certificate that nobody vouches for is a finding and is read all the same.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from mendwatch.errors import Unsupported
from mendwatch.model.samples import Layout, MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_icmp.connections import bounded
from mendwatch_icmp.handshakes import Contexts, Handshake, contexts, greet
from mendwatch_icmp.options import MOST_ADDRESSES, IcmpOptions
from mendwatch_icmp.session import IcmpSession
from mendwatch_icmp.steps import columns_of
from mendwatch_icmp.tcp import LABELS, doors_of, labels_of


def _metric(name: str, text: str, unit: str = "", *more: str) -> MetricSpec:
    return MetricSpec(f"icmp_tls_{name}", text, unit=unit, labels=(*LABELS, *more))


COMPLETED = _metric("handshake_completed", "Whether a TLS handshake came to its end, whoever vouches for the certificate.")
SECONDS = _metric("handshake_seconds", "Time of the TLS handshake, without connecting; absent if it failed.", "seconds")
EXPIRY = _metric(
    "certificate_not_after_timestamp_seconds", "When the port's certificate ends to be valid, in Unix time.", "seconds"
)
VERIFIED = _metric("certificate_verified", "Whether a trusted authority vouches for the chain today, whatever the name.")
NAMED = _metric("certificate_name_matches", "Whether the certificate is for the address as configured.")
FAILURE = _metric("failure", "Why there was no TLS handshake, as 1 for the present reason alone.", "", "reason")
COLUMNS = (COMPLETED, SECONDS, EXPIRY, VERIFIED, NAMED)
SCHEMA = RecordSchema("tls_port", LABELS, {spec.name.removeprefix("icmp_tls_"): spec.name for spec in COLUMNS}, "One TLS port.")


class TlsCollector:
    """Shakes hands with every port of the option `tls`, and hangs up."""

    spec = CollectorSpec(
        "tls", interval=300.0, timeout=60.0, metrics=(*COLUMNS, FAILURE), schemas=(SCHEMA,), budget=6 * MOST_ADDRESSES
    )

    async def collect(self, session: IcmpSession, now: datetime) -> Reading:
        """Shake hands with all; what fails is a finding.

        Raises:
            Unsupported: the file of the authority cannot be used.
        """
        options = session.options
        if not options.tls:
            return Reading()
        doors = doors_of(session.endpoints, options.tls, await session.resolve())
        how = await asyncio.to_thread(_contexts, options)  # the system's authorities are many
        work = partial(greet, how=how, patience=options.connect_timeout, clock=session.clock)
        found = dict(zip(doors, await bounded(work, doors, options.connections), strict=True))
        layouts = await session.layouts(self.spec.name, COLUMNS, lambda: labels_of(session.endpoints, options.tls))
        return reading_of(layouts, {door.labels: one for door, one in found.items()}, now)


def _contexts(options: IcmpOptions) -> Contexts:
    try:
        return contexts(options.ca_file)
    except OSError as problem:
        hint = "Correct the option ca_file: a PEM file with the authority's certificate, which the agent may read."
        raise Unsupported(f"no authority can be read from {options.ca_file}: {problem.strerror or problem}", hint=hint) from problem


def reading_of(layouts: Sequence[Layout], found: Mapping[tuple[str, ...], Handshake], now: datetime) -> Reading:
    """Turn handshakes, by their labels, into columns and samples."""
    rows = [_row(found.get(labels)) for labels in layouts[0].labels]
    complete = not any(math.isnan(row[0]) for row in rows)
    return Reading(
        tuple(_failures(found, now)), columns=columns_of(layouts, rows), complete=frozenset({SCHEMA.name} if complete else ())
    )


def _row(one: Handshake | None) -> tuple[float, ...]:
    """Give the values in the order of the columns."""
    if one is None:
        return (math.nan,) * len(COLUMNS)
    completed = None if one.seconds is None else 1.0
    expiry = one.certificate.not_after if one.certificate else None
    values = (completed if one.failure is None else 0.0, one.seconds, expiry, one.verified, one.named)
    return tuple(math.nan if value is None else float(value) for value in values)


def _failures(found: Mapping[tuple[str, ...], Handshake], now: datetime) -> Iterator[Sample]:
    for labels, one in found.items():
        if one.failure is not None:
            yield Sample(FAILURE.name, 1.0, (*labels, one.failure.value), now)
