"""What numbers are measured in: literals with a unit, whole numbers next to doubles, and what cannot be compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.alerting import units
from mendwatch.alerting.conditions import ConditionError, Language
from mendwatch.alerting.units import Unit
from mendwatch.model.samples import MetricSpec

FIELDS = {
    "usage_bytes": units.BYTES,
    "hard_limit_bytes": units.BYTES,
    "receive_bytes_per_second": Unit((1, -1, 0)),
    "latency_seconds": units.SECONDS,
    "expiry_timestamp_seconds": units.INSTANT,
    "used_ratio": units.FRACTION,
    "sessions": units.NUMBER,
    "nodes": units.NUMBER,
    "celsius": Unit((0, 0, 1)),
    "plain": None,
}
LANGUAGE = Language(FIELDS, ("path",), units={name: unit for name, unit in FIELDS.items() if unit is not None})


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("90%", 0.9),
        ("99.9%", 0.999),
        (".5%", 0.005),
        ("5B", 5.0),
        ("5KiB", 5120.0),
        ("5kB", 5000.0),
        ("5GiB", 5.0 * 1024**3),
        ("5GB", 5e9),
        ("1.5TiB", 1.5 * 1024**4),
        ("2PB", 2e15),
        ("1EiB", 2.0**60),
        ("30s", 30.0),
        ("500ms", 0.5),
        ("30m", 1800.0),
        ("1h30m", 5400.0),
        ("7d", 604800.0),
        ("1w", 604800.0),
        ("1y", 31536000.0),
    ],
)
def test_a_literal_with_a_unit_is_a_number_in_base_units(literal: str, value: float) -> None:
    assert LANGUAGE.expression(literal).value(LANGUAGE.bind({}, {})) == value


@pytest.mark.parametrize(
    "text",
    [
        "usage_bytes / hard_limit_bytes > 90%",
        "usage_bytes > 5GiB && usage_bytes < hard_limit_bytes",
        "usage_bytes > 90",
        "usage_bytes * 1.1 > hard_limit_bytes",
        "usage_bytes - hard_limit_bytes > -5GiB",
        "usage_bytes > hard_limit_bytes * 90%",
        "usage_bytes / receive_bytes_per_second > 30d",
        "rate(usage_bytes, 5m) > 5MiB / 1s",
        "rate(usage_bytes, 5m) > 5MiB",
        "receive_bytes_per_second > 1GB - 100MB",
        "rate(usage_bytes, 5m) > receive_bytes_per_second",
        "receive_bytes_per_second * 60s > 1GiB",
        "predict_linear(usage_bytes, 6h, 7d) > hard_limit_bytes",
        "delta(expiry_timestamp_seconds, 1h) > 5m",
        "now - expiry_timestamp_seconds > 30d",
        "now - plain > 30d",
        "plain - now < 30d",
        "expiry_timestamp_seconds - 86400 < now",
        "expiry_timestamp_seconds < now + 30d",
        "expiry_timestamp_seconds > 0",
        "latency_seconds > 500ms",
        "latency_seconds in [1, 2s, 3.0]",
        "used_ratio > 90%",
        "used_ratio > 95% - 5%",
        "1 - used_ratio < 10%",
        "sessions > 100",
        "sessions / nodes > 90%",
        "sessions > nodes * 90%",
        "sessions * usage_bytes > 5TiB",
        "usage_bytes / nodes > 5TiB",
        "rate(sessions, 5m) > 1.5",
        "count_where(used_ratio > 90%) >= 2",
        "changes(used_ratio, 1h) > 6",
        "age(usage_bytes) > 10m",
        "celsius > 70",
        "plain > 90%",
        "plain > 5GiB",
        "plain == sessions",
        "(usage_bytes > 1GiB ? usage_bytes : hard_limit_bytes) > 2GiB",
        "double(usage_bytes) > 5GiB",
        "int(sessions) % 2 == 0",
        "int(sessions)%2 == 1",
        "7 % 4 == 3",
        "size(path) > 90",
        "!(usage_bytes < 5GiB)",
    ],
)
def test_what_fits_is_understood(text: str) -> None:
    assert LANGUAGE.condition(text).text == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("usage_bytes > 90%", ["usage_bytes is measured in bytes, 90% in per cent", "character 15", "/ <the whole>"]),
        ("90% < usage_bytes", ["measured in"]),
        ("usage_bytes > 30m", ["in bytes, 30m in seconds", "fits anything"]),
        ("usage_bytes > latency_seconds", ["bytes", "seconds"]),
        ("usage_bytes + latency_seconds > 1.0", ["bytes", "seconds", "character 15"]),
        ("usage_bytes / hard_limit_bytes > 5GiB", ["parts of a whole"]),
        ("rate(usage_bytes, 5m) > hard_limit_bytes", ["bytes per second", "per second"]),
        ("receive_bytes_per_second > 1GiB * 2m", ["bytes per second", "bytes seconds"]),
        ("latency_seconds > 1GiB", ["bytes", "seconds"]),
        ("expiry_timestamp_seconds < 30d", ["since 1970", "now - x"]),
        ("expiry_timestamp_seconds - 30d < 5m", ["since 1970"]),
        ("30d - expiry_timestamp_seconds > 5m", ["since 1970"]),
        ("now + expiry_timestamp_seconds > 5.0", ["since 1970"]),
        ("sessions > 90%", ["units", "per cent"]),
        ("count_where(true) > 50%", ["units", "per cent"]),
        ("sessions > 5GiB", ["units", "bytes"]),
        ("celsius > 5s", ["celsius", "seconds"]),
        ("latency_seconds in [5GiB]", ["seconds", "bytes"]),
        ("(path == 'x' ? usage_bytes : latency_seconds) > 1.0", ["bytes", "seconds"]),
        ("count_where(usage_bytes > 90%) > 2", ["per cent", "character 27"]),
        ("avg_over(used_ratio, 5m) > 5GiB", ["parts of a whole"]),
        ("usage_bytes > 5GB/s", ["undeclared reference to 's'"]),
        ("usage_bytes > 5gib", ["'5gib' is no number with a unit", "character 15", "did you mean 'GiB'", "KiB"]),
        ("usage_bytes > 5minutes", ["no number with a unit", "1h30m"]),
        ("latency_seconds > 1.5h", ["no number with a unit", "1h30m"]),
        ("usage_bytes > 1e3GiB", ["no number with a unit"]),
        ("latency_seconds > 999999999y", ["no number with a unit"]),
        ("path == 5GiB", ["no matching overload"]),
        ("int(usage_bytes) > 5.0", ["write 90.0 instead of 90"]),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place_and_a_hint(text: str, said: list[str]) -> None:
    with pytest.raises(ConditionError) as problem:
        LANGUAGE.condition(text)

    message = f"{problem.value} | {problem.value.hint}"
    assert "at line 1" in message
    for words in said:
        assert words in message


@pytest.mark.parametrize(
    "text",
    [
        "sessions > 90",
        "90 < sessions",
        "sessions == -90",
        "sessions * 2 > 100",
        "2 * (3 + sessions) > 4",
        "sessions + (1 + 2) > 3",
        "sessions in [1, 2, 91]",
        "(sessions > 5 ? sessions : 0) > 90",
        "sessions / 2 > 9/10",
        "rate(sessions, 5m) >= 0",
    ],
)
def test_a_whole_number_next_to_a_double_is_a_double(text: str) -> None:
    condition = LANGUAGE.condition(text)
    bound = LANGUAGE.bind({"sessions": 91.0}, {}, {"rate(sessions, 5m)": 0.0})

    assert condition.holds(bound) is (text != "sessions == -90")


def test_a_lifted_number_is_the_number_that_was_written() -> None:
    condition = LANGUAGE.condition("sessions / 4 > 9/10")

    assert condition.holds(LANGUAGE.bind({"sessions": 3.61}, {})) is True
    assert condition.holds(LANGUAGE.bind({"sessions": 3.6}, {})) is False


@pytest.mark.parametrize(
    ("text", "expected"), [("7 % 4", 3), ("7%4", 3), ("-7 % 4", -3), ("7 / 2", 3), ("0x10", 16), ("5u == 5u", True)]
)
def test_whole_numbers_among_themselves_stay_whole(text: str, *, expected: int) -> None:
    assert LANGUAGE.expression(text).value(LANGUAGE.bind({}, {})) == expected


@pytest.mark.parametrize(
    ("name", "declared", "unit"),
    [
        ("x_usage_bytes", "bytes", units.BYTES),
        ("x_receive_bytes_per_second", "bytes", Unit((1, -1, 0))),
        ("x_speed", "bytes_per_second", Unit((1, -1, 0))),
        ("x_operations_per_second", "", Unit((0, -1, 0))),
        ("x_expiry_timestamp_seconds", "seconds", units.INSTANT),
        ("x_latency_seconds", "seconds", units.SECONDS),
        ("x_used_ratio", "ratio", units.FRACTION),
        ("x_read_bytes_total", "bytes", units.BYTES),
        ("x_errors_total", "", units.NUMBER),
        ("x_temperature", "celsius", Unit((0, 0, 1))),
        ("x_sessions", "", units.NUMBER),
    ],
)
def test_a_metric_says_what_it_is_measured_in(name: str, declared: str, unit: Unit) -> None:
    assert units.of_metric(MetricSpec(name, "help", unit=declared)) == unit


UNITS = st.one_of(st.none(), st.sampled_from([unit for unit in FIELDS.values() if unit is not None]))


@given(UNITS, UNITS)
def test_fitting_is_mutual(left: Unit | None, right: Unit | None) -> None:
    assert units.fit(left, right) == units.fit(right, left)
    assert units.addable(left, right) == units.addable(right, left)


@given(UNITS, UNITS)
def test_a_product_divided_by_one_side_can_be_compared_with_the_other(left: Unit | None, right: Unit | None) -> None:
    product = units.multiply(left, right)

    assert product is None or units.fit(units.divide(product, right), left)
