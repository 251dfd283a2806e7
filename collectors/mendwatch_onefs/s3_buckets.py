"""S3 buckets: how many the System zone has, and how many of them lock their objects. From protocols/s3/buckets.

Names and owners of buckets are nobody's labels: they have no bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import listed, needs_one, told

_SOURCE = "protocols/s3/buckets"
BUCKETS = MetricSpec("powerscale_s3_buckets", f"S3 buckets of the System zone ({_SOURCE}).")
LOCKED = MetricSpec(
    "powerscale_s3_buckets_object_lock",
    f"S3 buckets of the System zone that lock their objects; absent in releases that cannot ({_SOURCE}: object_lock_enabled).",
)


class Bucket(msgspec.Struct):
    """One bucket, as much of it as is used."""

    object_lock_enabled: Any = None


class BucketPage(msgspec.Struct):
    """One page of the list."""

    buckets: list[Bucket]
    resume: Any = None


class S3Collector:
    """Reads the buckets of the System zone."""

    spec = CollectorSpec("s3", interval=900.0, timeout=60.0, metrics=(BUCKETS, LOCKED), privileges=("ISI_PRIV_S3",))

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch every page once; 23 is the first version that tells of object lock.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        buckets = await listed(session, 23, _SOURCE, BucketPage, lambda page: page.buckets, {})
        needs_one("S3", buckets)
        return Reading(tuple(samples_of(buckets or (), now, drift)), drift=drift.counts)


def samples_of(buckets: Iterable[Bucket], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Count the buckets."""
    found = list(buckets)
    yield from told(BUCKETS, len(found), now)
    locks = [drift.flag(f"{_SOURCE}: object_lock_enabled", bucket.object_lock_enabled) for bucket in found]
    yield from told(LOCKED, None if not found or None in locks else sum(map(bool, locks)), now)
