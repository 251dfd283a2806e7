"""From quota/quotas-summary to how many quotas there are, and how many of them nobody reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from simulated import Asked, series

from mendwatch_onefs.quotas_summary import QuotasSummary, QuotasSummaryCollector, reading_of
from mendwatch_onefs_sim.quotas.quota import Limits, Quota, Usage

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SUMMARY = {
    "count": 20, "directory_quotas_count": 7, "user_quotas_count": 5, "group_quotas_count": 4, "default_user_quotas_count": 1,
    "default_group_quotas_count": 2, "linked_quotas_count": 3,
}  # fmt: skip
UNREAD = ("powerscale_quotas_unread", ())


def test_quotas_are_counted_by_type_and_those_that_are_not_read_together() -> None:
    found = series(reading_of(QuotasSummary(SUMMARY), ("directory", "default-directory", "user"), NOW))
    assert found == {
        **{("powerscale_quotas", (kind,)): SUMMARY[f"{kind.replace('-', '_')}_quotas_count"]
           for kind in ("directory", "user", "group", "default-user", "default-group")},
        ("powerscale_quotas_linked", ()): 3,
        UNREAD: 7,
    }  # fmt: skip


@pytest.mark.parametrize("odd", [None, -1, "many", [], 1.5])
def test_a_type_that_is_not_counted_makes_it_unknown_how_many_are_not_read(odd: object) -> None:
    reading = reading_of(QuotasSummary({**SUMMARY, "group_quotas_count": odd}), ("directory",), NOW)
    found = series(reading)
    assert UNREAD not in found
    assert ("powerscale_quotas", ("group",)) not in found
    assert found[("powerscale_quotas", ("user",))] == 5
    assert reading.drift == ({} if odd is None else {"quota/quotas-summary: group_quotas_count": 1})


def test_the_simulator_counts_what_it_holds() -> None:
    asked = Asked()
    before = series(reading_of(asked.decoded("1/quota/quotas-summary", QuotasSummary), ("directory",), NOW))
    asked.cluster.quotas.add(Quota("", "/ifs/more", Limits(), Usage(1), type="user"))
    after = series(reading_of(asked.decoded("1/quota/quotas-summary", QuotasSummary), ("directory",), NOW))
    assert after[UNREAD] == before[UNREAD] + 1


def test_it_is_asked_for_once_in_five_minutes() -> None:
    assert QuotasSummaryCollector.spec.interval == 300
