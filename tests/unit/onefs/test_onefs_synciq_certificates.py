"""When the certificates of SyncIQ end, and what is missing where a list or a word of it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from simulated import Asked, series

from mendwatch.model.samples import Reading
from mendwatch_onefs.stored_certificates import CertificatePage
from mendwatch_onefs.synciq_certificates import STORES, reading_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = 86_400
GOOD = {"id": "a" * 64, "name": "peer", "not_after": int(NOW.timestamp()) + 9 * DAY, "status": "expiring"}
PEER = ("peer", "peer", "a" * 12)


def _listed(asked: Asked) -> Reading:
    stores = [(store, asked.decoded(f"7/sync/certificates/{store}", CertificatePage).certificates) for store in STORES]
    return reading_of(stores, asked.cluster._clock.now())


def test_the_certificate_of_a_peer_that_ends_soon_is_told_with_the_days_that_are_left() -> None:
    asked = Asked()
    ending = asked.cluster.syncs.certificates.end_at("dr-cluster", int(asked.cluster._clock.now().timestamp()) + 5 * DAY)
    reading = _listed(asked)
    found, labels = series(reading), ("peer", "dr-cluster", ending.id[:12])
    assert found[("powerscale_synciq_certificate_remaining_seconds", labels)] == 5 * DAY
    assert found[("powerscale_synciq_certificate_state", (*labels, "expiring"))] == 1
    assert {labels[0] for _, labels in found} == {"server", "peer"}
    assert reading.complete == {"synciq_certificate"}


def test_a_certificate_that_has_ended_is_not_valid() -> None:
    asked = Asked()
    asked.cluster.syncs.certificates.end_at("replication", int(asked.cluster._clock.now().timestamp()) - DAY)
    valid = {labels[1]: value for (metric, labels), value in series(_listed(asked)).items() if metric.endswith("_valid")}
    assert valid == {"replication": 0, "dr-cluster": 1}


@pytest.mark.parametrize("odd", [{**GOOD, "id": None}, {**GOOD, "status": "mouldy"}, {**GOOD, "not_after": "soon"}, None])
def test_what_is_odd_is_counted_and_leaves_the_reading_incomplete(odd: object) -> None:
    reading = reading_of([("peer", [GOOD, odd])], NOW)
    assert reading.drift
    assert reading.complete == frozenset()


def test_a_certificate_that_tells_neither_its_end_nor_its_state_does_not_pass_for_gone() -> None:
    reading = reading_of([("peer", [GOOD, {"id": "b" * 64, "name": "other", "not_after": None, "status": None}])], NOW)
    assert {labels[:3] for _, labels in series(reading)} == {PEER}
    assert reading.complete == frozenset()


def test_one_list_alone_is_not_all() -> None:
    assert reading_of([("peer", [GOOD])], NOW, whole=False).complete == frozenset()
