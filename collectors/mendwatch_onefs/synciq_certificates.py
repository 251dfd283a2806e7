"""When the certificates of SyncIQ end: its own, and those of the clusters that it trusts. From sync/certificates/server and /peer.

A policy whose certificate has ended fails at its next run, and nothing else warns of it. Other people may read these than those of
the web server, so they are a collector of their own: a privilege that is missing here takes nothing else away.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from mendwatch.model.samples import Reading
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import needs_one
from mendwatch_onefs.series import all_found, samples
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.stored_certificates import entries, stored

STORES = ("server", "peer")
STORED = stored("synciq_certificate", "sync/certificates/server, sync/certificates/peer")
SCHEMA = STORED.schema("One certificate of SyncIQ: of this cluster (server), or of one that it trusts (peer).")


class SyncIQCertificatesCollector:
    """Reads both lists."""

    spec = CollectorSpec(
        "synciq_certificates",
        interval=3600.0,
        timeout=60.0,
        metrics=STORED.metrics,
        schemas=(SCHEMA,),
        budget=5_000,
        privileges=("ISI_PRIV_SYNCIQ",),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch every page of both once; a release that lacks one gives the other."""
        lists = {store: await entries(session, 7, f"sync/certificates/{store}") for store in STORES}
        needs_one("certificates of SyncIQ", *lists.values())
        known = [(store, found) for store, found in lists.items() if found is not None]
        return reading_of(known, now, whole=len(known) == len(STORES))


def reading_of(stores: Sequence[tuple[str, Sequence[Any]]], now: datetime, *, whole: bool = True) -> Reading:
    """Turn the lists into samples; `whole` is whether these are all lists."""
    drift = Drift()
    found = (STORED.findings(f"sync/certificates/{store}", store, one, now, drift) for store, listed in stores for one in listed)
    findings = tuple(chain.from_iterable(found))
    given = samples(findings, now, "sync/certificates", drift)
    complete = all_found((SCHEMA,), findings) if whole and not drift.counts else frozenset[str]()
    return Reading(given, complete=complete, drift=drift.counts)
