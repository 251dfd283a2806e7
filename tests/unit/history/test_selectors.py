"""Selectors: PromQL's own meaning, and a clear word on everything else."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mendwatch.errors import UserError
from mendwatch.history import selectors
from mendwatch.history.memory import MemoryHistory
from mendwatch.model.samples import MetricSpec, Sample
from mendwatch.model.targets import Target

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def selects(text: str) -> bool:
    """Tell whether a selector finds the one series of a history."""
    kept = MemoryHistory()
    kept.declare("cluster", [MetricSpec("m", "M.", labels=("path", "text"))])
    kept.append(Target("prod-1", "onefs", "x", {"site": "muc"}), "cluster", [Sample("m", 1.0, ("/ifs/data", "two\nlines"))], NOW)
    return kept.query(text, since=timedelta(hours=1), now=NOW).series_total == 1


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("m", True),
        ("other", False),
        ('m{cluster="prod-1"}', True),
        ('m{cluster="prod"}', False),
        ('m{cluster!="prod-2"}', True),
        ('m{cluster!="prod-1"}', False),
        ('m{cluster=~"prod-.*"}', True),
        ('m{cluster=~"prod"}', False),
        ('m{cluster=~"test|prod-1"}', True),
        ('m{cluster!~"prod.*"}', False),
        ('m{cluster!~"prod"}', True),
        ('m{nowhere=""}', True),
        ('m{nowhere!=""}', False),
        ('m{nowhere=~".*"}', True),
        ('m{text=~"two.*"}', True),
        ('m{cluster=~"PROD-1"}', False),
        ('m{cluster=~"(?i)PROD-1"}', True),
        ('{cluster="prod-1"}', True),
        ('{__name__="m"}', True),
        ('{__name__="n",cluster="prod-1"}', False),
        ('{__name__=~"m|n"}', True),
        ('{__name__!="m",cluster="prod-1"}', False),
        ('(m{cluster="prod-1"})', True),
        ('m{cluster="prod-1",path="/elsewhere"}', False),
        ('m{path="/ifs/data",path!=""}', True),
        ('m{path="/ifs/data",path!~"/ifs/.*"}', False),
        ('m{site="muc",path="/ifs/data"}', True),
        ('m{site!="muc"}', False),
    ],
)
def test_a_selector_selects_as_prometheus_does(text: str, selected: bool) -> None:  # noqa: FBT001 - a column of the table
    assert selects(text) is selected


#: A shared machine stalls for longer than a property's default deadline.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_range_and_offset_are_read() -> None:
    plain, full = selectors.parse("m"), selectors.parse("m[90m] offset 1d")
    assert (plain.range, plain.offset) == (None, timedelta(0))
    assert (full.metric, full.range, full.offset) == ("m", timedelta(minutes=90), timedelta(days=1))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("rate(m[5m])", "the function rate()"),
        ("sum by (cluster) (m)", "the aggregation sum"),
        ("m + 1", "the operator +"),
        ("m > 0.9", "the operator >"),
        ("m[1h:5m]", "a subquery"),
        ("-m", "the sign before a selector"),
        ("m @ 1700000000", "the @ modifier"),
        ('m{a="1" or b="2"}', "`or` between matchers"),
        ("42", "a literal"),
        ('"text"', "a literal"),
        ("(sum(m))", "the aggregation sum"),
    ],
)
def test_what_is_not_supported_is_named(text: str, named: str) -> None:
    with pytest.raises(UserError, match=re.escape(named)) as caught:
        selectors.parse(text)
    assert "selector" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["", "{}", 'm{a="1"', 'm{a=~"("}', 'm{a=~"(?=x)"}', 'm{a="\ud800"}', "m m", 'm{a=~"a)|(b"}', 'm{a=~"x{y}"}']
)
def test_what_is_no_promql_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UserError) as caught:
        selectors.parse(text)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["abs(" * 8000 + "m" + ")" * 8000, "1+" * 8000 + "1"])
def test_a_query_that_would_overflow_the_parsers_stack_is_refused_unread(text: str) -> None:
    with pytest.raises(UserError, match="characters"):
        selectors.parse(text)


@pytest.mark.parametrize("unit", ["(", "-", "1+", "1^", "abs(", "sum("])
def test_the_deepest_query_that_is_allowed_is_survived(unit: str) -> None:
    with pytest.raises(UserError):
        selectors.parse((unit * selectors.MAX_LENGTH)[: selectors.MAX_LENGTH - 1] + "1")


def test_no_pattern_can_stall_the_agent() -> None:
    hard = selectors.parse('m{a=~"(a+)+(a+)+(a+)+b"}')
    assert not hard.matchers[0].accepts("a" * 20_000)


def test_more_matchers_than_anybody_needs_are_refused() -> None:
    with pytest.raises(UserError, match="11 matchers; 10"):
        selectors.parse("m{" + ",".join(f'a!="{n}"' for n in range(11)) + "}")


@unhurried
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UserError):
        assert selectors.parse(text).text == text
