"""What a change of a quota may say, how usage moves, and how lists are cut into pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mendwatch_onefs_sim.answers import PapiError
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.quotas.changes import changed
from mendwatch_onefs_sim.quotas.quota import Limits, Quota, Usage
from mendwatch_onefs_sim.quotas.shape import as_json

QUOTA = Quota("id", "/ifs/data", Limits(hard=1000, advisory=800), Usage(500))

WRONG_CHANGES = {
    "a word for a size": ({"thresholds": {"hard": "2000"}}, "thresholds.hard"),
    "a fraction for a size": ({"thresholds": {"hard": 2000.5}}, "thresholds.hard"),
    "a truth for a size": ({"thresholds": {"hard": True}}, "thresholds.hard"),
    "no size at all": ({"thresholds": {"hard": 0}}, "thresholds.hard"),
    "more than the format holds": ({"thresholds": {"hard": 2**63}}, "thresholds.hard"),
    "an unknown threshold": ({"thresholds": {"harder": 1}}, "thresholds.harder"),
    "a soft threshold without grace": ({"thresholds": {"soft": 900}}, "thresholds.soft_grace"),
    "a soft threshold above the hard one": ({"thresholds": {"soft": 1000, "soft_grace": 60}}, "thresholds.soft"),
    "a hard threshold below the advisory one": ({"thresholds": {"hard": 700}}, "thresholds.advisory"),
    "a percentage of more than all": ({"thresholds": {"percent_soft": 120}}, "thresholds.percent_soft"),
    "thresholds that are no object": ({"thresholds": 5}, "thresholds"),
    "an unknown field": ({"colour": "red"}, "colour"),
    "an unknown measure": ({"thresholds_on": "weight"}, "thresholds_on"),
    "a word for a truth": ({"enforced": "yes"}, "enforced"),
    "a number for a text": ({"description": 5}, "description"),
}


@pytest.mark.parametrize(("body", "field"), WRONG_CHANGES.values(), ids=WRONG_CHANGES.keys())
def test_a_wrong_change_is_refused_with_its_field(body: object, field: str) -> None:
    with pytest.raises(PapiError) as refusal:
        changed(QUOTA, body)
    assert (refusal.value.status, refusal.value.code, refusal.value.field) == (400, "AEC_BAD_REQUEST", field)


def test_a_change_keeps_what_it_does_not_name() -> None:
    assert changed(QUOTA, {"thresholds": {"hard": 2000}}).limits == Limits(hard=2000, advisory=800)


def test_null_removes_a_threshold() -> None:
    assert changed(QUOTA, {"thresholds": {"advisory": None}}).limits == Limits(hard=1000)


def test_a_percentage_becomes_bytes_of_the_hard_threshold() -> None:
    assert changed(QUOTA, {"thresholds": {"percent_advisory": 90, "hard": 1000}}).limits.advisory == 900


def test_force_says_how_to_check_and_is_not_kept() -> None:
    assert changed(QUOTA, {"force": True, "ignore_limit_checks": False}) == QUOTA


def test_a_linked_quota_is_refused_until_it_is_unlinked() -> None:
    linked = Quota("id", "/ifs/home", Limits(hard=1000), Usage(0), linked=True)
    with pytest.raises(PapiError, match="unlinked"):
        changed(linked, {"thresholds": {"hard": 2000}})
    assert changed(linked, {"linked": False, "thresholds": {"hard": 2000}}).limits.hard == 2000


@pytest.mark.parametrize(
    ("measure", "field"), [("applogicalsize", "applogical"), ("fslogicalsize", "fslogical"), ("physicalsize", "physical")]
)
def test_the_usage_that_the_thresholds_are_about_is_exact(measure: str, field: str) -> None:
    shown = as_json(Quota("id", "/ifs", Limits(), Usage(123_456_789), thresholds_on=measure), 0, 19)
    assert shown["usage"][field] == 123_456_789  # type: ignore[index]


def test_a_quota_that_is_not_ready_says_so_of_every_count() -> None:
    usage = as_json(Quota("id", "/ifs", Limits(), Usage(0), ready=False), 0, 19)["usage"]
    assert isinstance(usage, dict)
    assert {value for name, value in usage.items() if name.endswith("_ready")} == {False}


def test_usage_moves_only_between_its_two_moments() -> None:
    usage = Usage(100, 10, since=5, until=8)
    assert [usage.at(second) for second in (0, 5, 6, 8, 100)] == [100, 100, 110, 130, 130]


def test_a_threshold_is_exceeded_from_when_it_was_first_found_until_it_is_raised() -> None:
    filling = Quota("id", "/ifs", Limits(advisory=150), Usage(100, 10))
    exceeded = filling.settled(6, 1006).settled(9, 1009)
    assert exceeded.exceeded.advisory == 1006
    assert changed(exceeded, {"thresholds": {"advisory": 500}}).settled(10, 1010).over is False


@given(some.sets(some.text(min_size=1)), some.integers(min_value=1, max_value=7))
def test_pages_of_any_size_give_every_item_once_and_in_order(items: set[str], limit: int) -> None:
    seen: list[str] = []
    query = Query({"limit": [str(limit)], "type": ["directory"]})
    while True:
        page = asked(query, "things")
        assert page.query.text("type") == "directory"
        taken, token = cut(page, "things", sorted(items), str)
        assert len(taken) <= limit
        seen += taken
        if token is None:
            break
        query = Query({"resume": [token]})
    assert seen == sorted(items)


@pytest.mark.parametrize("token", ["", "nonsense", "1-1-", "1-1-AAAA", "1-1-e30", "1-1-W10"])
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(PapiError, match="Invalid resume token"):
        asked(Query({"resume": [token]}), "things")


def test_a_token_of_another_list_is_refused() -> None:
    _, token = cut(asked(Query({"limit": ["1"]}), "things"), "things", ["a", "b"], str)
    assert token is not None
    with pytest.raises(PapiError, match="Invalid resume token"):
        asked(Query({"resume": [token]}), "others")


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1.5", "4294967296"])
def test_a_limit_that_is_no_count_is_refused(limit: str) -> None:
    with pytest.raises(PapiError) as refusal:
        asked(Query({"limit": [limit]}), "things")
    assert refusal.value.field == "limit"
