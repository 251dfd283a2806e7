"""What a condition names beyond its own record: windows, joined fields, peers and the present, found and typed at load."""

from __future__ import annotations

import pytest

from mendwatch.alerting.conditions import ConditionError, Language
from mendwatch.alerting.derived import Joined, Now, Peers, Window
from mendwatch.alerting.units import BYTES, FRACTION, SECONDS


@pytest.fixture
def language() -> Language:
    return Language(
        ("usage", "limit", "errors"),
        ("path", "type"),
        units={"usage": BYTES, "limit": BYTES},
        joins={"pool": {"used_ratio": FRACTION, "age_seconds": SECONDS}},
    )


def refusal(language: Language, text: str) -> str:
    with pytest.raises(ConditionError) as problem:
        language.condition(text)
    return f"{problem.value} | {problem.value.hint}"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("rate(errors, 5m)", Window("rate", "errors", 300.0, 0.0, "rate(errors, 5m)")),
        ("delta( errors ,60m )", Window("delta", "errors", 3600.0, 0.0, "delta(errors, 1h)")),
        ("deriv(errors, 1h)", Window("deriv", "errors", 3600.0, 0.0, "deriv(errors, 1h)")),
        ("avg_over(errors, 90s)", Window("avg_over", "errors", 90.0, 0.0, "avg_over(errors, 1m30s)")),
        ("min_over(errors, 1d)", Window("min_over", "errors", 86400.0, 0.0, "min_over(errors, 1d)")),
        ("max_over(errors, 1w)", Window("max_over", "errors", 604800.0, 0.0, "max_over(errors, 7d)")),
        ("changes(errors, 1h)", Window("changes", "errors", 3600.0, 0.0, "changes(errors, 1h)")),
        ("last(errors, 1h)", Window("last", "errors", 3600.0, 0.0, "last(errors, 1h)")),
        ("quantile_over(0.95, errors, 10m)", Window("quantile_over", "errors", 600.0, 0.95, "quantile_over(0.95, errors, 10m)")),
        ("quantile_over(95%, errors, 10m)", Window("quantile_over", "errors", 600.0, 0.95, "quantile_over(0.95, errors, 10m)")),
        ("predict_linear(errors, 6h, 7d)", Window("predict_linear", "errors", 21600.0, 604800.0, "predict_linear(errors, 6h, 7d)")),
        ("age(errors)", Window("age", "errors", 0.0, 0.0, "age(errors)")),
        ("absent_for(errors)", Window("absent_for", "errors", 0.0, 0.0, "absent_for(errors)")),
        ("rate(pool.used_ratio, 5m)", Window("rate", "used_ratio", 300.0, 0.0, "rate(pool.used_ratio, 5m)", "pool")),
        ("pool.used_ratio", Joined("pool", "used_ratio", "pool.used_ratio")),
        ("pool . used_ratio", Joined("pool", "used_ratio", "pool.used_ratio")),
        ("now", Now()),
    ],
)
def test_each_is_found_in_its_canonical_form(language: Language, written: str, expected: Window | Joined | Now) -> None:
    condition = language.condition(f"{written} > 0.0 && usage > 1.0")

    assert condition.derived == (expected,)
    assert condition.names == {"usage"}
    assert condition.text == f"{written} > 0.0 && usage > 1.0"


def test_peers_have_a_condition_of_their_own_and_labels_to_be_equal(language: Language) -> None:
    (found,) = language.condition("count_where(usage > limit && path != ')', path, type) > 3").derived

    assert isinstance(found, Peers)
    assert (found.by, found.text) == (("path", "type"), "count_where(usage > limit && path != ')', path, type)")
    assert found.condition.names == {"usage", "limit", "path"}
    assert found.condition.holds(language.bind({"usage": 2.0, "limit": 1.0}, {"path": "a"})) is True


def test_all_peers_are_counted_with_true(language: Language) -> None:
    condition = language.condition("count_where(usage > 1GiB) / count_where(true) > 50%")

    assert [one.text for one in condition.derived] == ["count_where(usage > 1GiB)", "count_where(true)"]
    bound = language.bind({}, {}, {"count_where(usage > 1GiB)": 6.0, "count_where(true)": 10.0})
    assert condition.holds(bound) is True


def test_what_is_derived_is_bound_by_its_text_and_without_a_value_there_is_no_answer(language: Language) -> None:
    condition = language.condition("rate(usage, 5m) > 5MiB && pool.used_ratio > 80%")
    values = {"rate(usage, 5m)": 6.0 * 1024**2, "pool.used_ratio": 0.9}

    assert condition.holds(language.bind({}, {}, values)) is True
    assert condition.holds(language.bind({}, {}, values | {"pool.used_ratio": 0.7})) is False
    assert condition.holds(language.bind({}, {}, values | {"pool.used_ratio": float("nan")})) is None
    assert condition.missing(language.bind({}, {}, {"rate(usage, 5m)": 1.0})) == ("pool.used_ratio",)


def test_a_binder_takes_fields_and_then_derived_values(language: Language) -> None:
    first = language.condition("usage > 1.0 && rate(usage, 5m) > 1.0")
    second = language.condition("rate(usage, 300s) > 2.0 && now > 5.0 && type == 'x'")
    binder = language.binder_of([first, second])

    assert (binder.fields, binder.labels, [one.text for one in binder.derived]) == (
        ("usage",),
        ("type",),
        ["rate(usage, 5m)", "now"],
    )
    bound = binder.bind([2.0, 3.0, 6.0], binder.texts({"type": "x", "path": "y"}))
    assert (first.holds(bound), second.holds(bound)) == (True, True)
    assert second.holds(binder.bind([2.0, float("nan"), 6.0], {})) is None


def test_a_slot_stays_however_many_follow(language: Language) -> None:
    first = language.condition("rate(usage, 1m) > 1.0")
    binder = language.binder_of([first])
    many = [language.condition(f"rate(usage, {minutes}m) > {minutes}.0") for minutes in range(1, 60)]

    assert first.derived == many[0].derived
    assert [one.holds(language.bind({}, {}, {"rate(usage, 40m)": 41.0})) for one in many] == [None] * 39 + [True] + [None] * 19
    assert first.holds(binder.bind([2.0], {})) is True


def test_what_a_condition_is_made_of_can_be_told_with_its_derived_values(language: Language) -> None:
    condition = language.condition("rate(usage, 5m) > 5MiB")

    assert list(condition.inputs.values()) == ["rate(usage, 5m)"]
    assert {node.word for node in condition.tree.walk()} >= set(condition.inputs)


@pytest.mark.parametrize(
    ("text", "timely"),
    [
        ("age(usage) > 5m", True),
        ("absent_for(usage) > 5m", True),
        ("now > 5.0", True),
        ("rate(usage, 5m) > 1.0", False),
        ("true", False),
    ],
)
def test_what_can_answer_otherwise_with_time_alone_says_so(language: Language, text: str, *, timely: bool) -> None:
    assert language.condition(text).timely is timely


@pytest.mark.parametrize(
    "text", ["path == 'rate(usage, 5m)'", "usage > 1.0 // rate(x, y)", 'path == """pool.x"""', "path == 'now'"]
)
def test_what_stands_in_a_text_or_a_remark_is_no_call(language: Language, text: str) -> None:
    assert language.condition(text).derived == ()


def test_a_field_may_be_called_now() -> None:
    language = Language(("now",), ())

    assert language.condition("now > 1.0").derived == ()


def test_a_window_may_stand_in_a_macro_and_in_a_variable(language: Language) -> None:
    assert len(language.condition("[1.0, 2.0].exists(x, rate(usage, 5m) > x)").derived) == 1
    expression = language.expression("int(predict_linear(usage, 6h, 7d) * 1.1)")

    assert expression.type == "INT"
    assert expression.value(language.bind({}, {}, {"predict_linear(usage, 6h, 7d)": 100.0})) == 110


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("usage > 1.0 &&\n  rate(usag, 5m) > 1.0", ["'usag'", "line 2, character 8", "did you mean 'usage'"]),
        ("rate(path, 5m) > 1.0", ["'path' is a text", "character 6"]),
        ("rate(usage, 5) > 1.0", ["window of rate is a time", "character 13", "Write 5s"]),
        ("rate(usage, '5m') > 1.0", ["is a time", "without quotes"]),
        ("rate(usage, 5GiB) > 1.0", ["is a time"]),
        ("rate(usage, limit) > 1.0", ["is a time"]),
        ("rate(usage, 90d) > 1.0", ["90d cannot be kept", "31d"]),
        ("rate(usage, 10ms) > 1.0", ["cannot be kept"]),
        ("rate(usage) > 1.0", ["takes 2 values and has 1", "rate(f, 5m)"]),
        ("rate(usage, 5m, 1h) > 1.0", ["takes 2 values and has 3"]),
        ("quantile_over(95, usage, 5m) > 1.0", ["from 0 to 1", "character 15", "95%"]),
        ("quantile_over(usage, 0.95, 5m) > 1.0", ["from 0 to 1"]),
        ("predict_linear(usage, 6h, 7) > 1.0", ["how far ahead", "7s"]),
        ("rate(rate(usage, 5m), 5m) > 1.0", ["not over an expression", "Windows do not stand within each other"]),
        ("rate(usage / limit, 5m) > 1.0", ["not over an expression", "rate(usage, 5m) / 2"]),
        ("rte(usage, 5m) > 1.0", ["'rte'", "did you mean 'rate'"]),
        ("pool.usd_ratio > 50%", ["has no field 'usd_ratio'", "character 6", "'pool.used_ratio'"]),
        ("pool > 1.0", ["whole record", "pool.used_ratio"]),
        ("pol.used_ratio > 1.0", ["'pol.used_ratio'", "did you mean 'pool.used_ratio'"]),
        ("[1.0].all(pool, pool > 1.0)", ["'pool' has a meaning already"]),
        ("[1.0].all(now, now > 1.0)", ["'now' has a meaning already"]),
        ("count_where() > 1", ["needs a condition"]),
        ("count_where(usage) > 1", ["not by DOUBLE"]),
        ("count_where(usage > 'x') > 1", ["no matching overload", "character 19"]),
        ("count_where(rate(usage, 5m) > 1.0) > 1", ["cannot count by rate(usage, 5m)", "own fields"]),
        ("count_where(pool.used_ratio > 1.0) > 1", ["cannot count by pool.used_ratio"]),
        ("count_where(count_where(true) > 1.0) > 1", ["within count_where"]),
        ("count_where(true, pth) > 1", ["'pth' is no label", "'path'"]),
        ("count_where(true, usage) > 1", ["'usage' is no label"]),
        ("__d0 > 1.0", ["two underscores"]),
        ("usage > 1.0 && (limit > 2.0 || x == rate(usage, 5m))", ["'x'", "character 32"]),
        ("rate(usage, 5m) + pool.used_ratio + 5m > path", ["measured in", "character 19"]),
    ],
)
def test_what_is_written_wrongly_is_refused_with_its_place_in_what_was_written(
    language: Language, text: str, said: list[str]
) -> None:
    message = refusal(language, text)

    for words in said:
        assert words in message


def test_the_library_tells_places_of_the_text_that_was_written(language: Language) -> None:
    assert "line 2, character 24" in refusal(language, "count_where(usage > 1GiB) > 3 &&\nrate(usage, 5m) > 1 && pth == 'x'")
