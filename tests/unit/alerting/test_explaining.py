"""Explaining a rule: the value of every part, the clocks, what holds back, and what refuses or is missing where nothing fires."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from alert_worlds import FULL, INHIBITED, START, WAITING, World
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.alerting import matchers
from mendwatch.alerting.explaining import asked
from mendwatch.alerting.explaining.answering import Question, explaining
from mendwatch.alerting.explaining.nouns import Explanation, Part
from mendwatch.alerting.explaining.parts import Parts
from mendwatch.alerting.explaining.view import Hindrance, View
from mendwatch.alerting.slices import finished

MakeWorld = Callable[[str], World]
WINDOWS = """
  - alert: Grows
    on: quota
    when: (delta(usage_bytes, 10m) > 20.0 || count_where(usage_bytes > 90.0) > 1.0) && hard_limit_bytes > 0.0
    key: [cluster, path]
"""


def explained(world: World, rule: str, *wanted: str, hindrances: tuple[Hindrance, ...] = (), limit: int = 10) -> Explanation:
    compiled = world.engine.rules.get(rule)
    assert compiled is not None
    view = View(compiled, world.engine.subjects(rule), world.engine.sources(compiled.rule.on), hindrances, world.now)
    question = Question(view, asked.parsed(wanted), limit, Parts(), lambda subject: world.engine.holds(subject, world.now))
    return finished(explaining(question))


def parts(answer: Explanation, what: str = "when") -> dict[str, object]:
    (record,) = answer.subjects[0].records
    (asked,) = [one for one in record.conditions if one.what == what]
    return {part.text: part.value for part in asked.parts}


@pytest.fixture
def fired(world: MakeWorld) -> World:
    made = world(FULL)
    made.quotas(a=(95, 100), b=(10, 100))
    return made


def test_every_part_of_a_condition_has_its_value(fired: World) -> None:
    answer = explained(fired, "Full", 'path="/a"')
    assert parts(answer) == {
        "usage_bytes / hard_limit_bytes > 0.9": True,
        "usage_bytes / hard_limit_bytes": 0.95,
        "usage_bytes": 95.0,
        "hard_limit_bytes": 100.0,
    }
    assert parts(answer, "clear")["usage_bytes / hard_limit_bytes < 0.85"] is False
    assert answer.subjects[0].words.startswith("firing, fired at 2030-01-01 00:01:00Z: usage_bytes / hard_limit_bytes > 0.9 holds")
    assert (answer.known, answer.matching, answer.states) == (2, 1, {"firing": 1, "inactive": 1})
    assert [(one.text, one.label, one.matches) for one in answer.subjects[0].matchers] == [('type="directory"', "directory", True)]


def test_a_part_without_a_value_says_which_name_has_none(world: MakeWorld) -> None:
    made = world(FULL)
    made.quotas(a=(95, None))
    answer = explained(made, "Full")
    assert parts(answer)["usage_bytes / hard_limit_bytes"] is None
    assert answer.subjects[0].words == "inactive: usage_bytes / hard_limit_bytes > 0.9 has no answer: no value of hard_limit_bytes"


def test_the_clock_of_a_waiting_alert_says_how_much_is_left(world: MakeWorld) -> None:
    made = world(WAITING)
    made.quotas(a=(95, 100))
    made.now += timedelta(seconds=45)
    (subject,) = explained(made, "Full").subjects
    clocks = {clock.name: (clock.seconds, clock.left) for clock in subject.clocks}
    assert clocks == {"for": (45.0, 135.0), "stale_after": (45.0, 135.0)}
    assert subject.words.startswith("pending since 2030-01-01 00:01:00Z: ")


def test_the_clock_of_one_that_is_kept_firing_runs_from_when_it_was_clear(world: MakeWorld) -> None:
    made = world(FULL.replace("clear:", "keep_firing_for: 10m\n    clear:"))
    made.quotas(a=(95, 100))
    made.quotas(a=(10, 100))
    made.now += timedelta(seconds=30)
    (subject,) = explained(made, "Full").subjects
    (clock,) = [clock for clock in subject.clocks if clock.name == "keep_firing_for"]
    assert (subject.state, clock.seconds, clock.left) == ("resolving", 30.0, 570.0)


def test_windows_and_counts_say_what_they_were_made_of(world: MakeWorld) -> None:
    made = world(WINDOWS)
    made.quotas(a=(50, 100))
    made.quotas(a=(80, 100), b=(99, 100))
    answer = explained(made, "Grows", 'path="/a"')
    shown = parts(answer)
    assert shown["delta(usage_bytes, 10m)"] == 30.0
    assert shown["delta(usage_bytes, 10m) > 20.0"] is True
    assert shown["count_where(usage_bytes > 90.0)"] == 1.0
    derived = {one.text: one for one in answer.subjects[0].records[0].derived}
    assert derived["delta(usage_bytes, 10m)"].inputs == "2 points, the first 1m ago and the last 0s ago"
    assert derived["count_where(usage_bytes > 90.0)"].inputs == "records of quota on the same target for which usage_bytes > 90.0"


def test_what_holds_a_remediation_back_is_told(world: MakeWorld) -> None:
    made = world(INHIBITED)
    made.quotas(a=(95, 100))
    made.node(0)
    (subject,) = explained(made, "Full").subjects
    assert [(hold.guard, hold.reason) for hold in subject.holds] == [("inhibited", "Down fires")]


def test_a_record_that_the_rule_does_not_take_is_shown_with_the_matcher_that_refuses(fired: World) -> None:
    fired.quotas(0, kind="user", u=(1, 1))
    answer = explained(fired, "Full", "path=/u")
    assert answer.matching == 0
    (refused,) = answer.subjects
    assert refused.words == "the rule does not take it: type=\"directory\", and its label is 'user'"
    assert answer.why == ('1 of type quota with path=/u seen, none matches type="directory"',)


def test_where_nothing_was_seen_it_says_so_and_what_keeps_targets_from_giving_it(world: MakeWorld) -> None:
    made = world(FULL)
    hindrance = Hindrance("lab", "collector quotas is denied on lab: no privilege")
    assert explained(made, "Full", hindrances=(hindrance,)).why == (
        "no sample of type quota since the agent started",
        hindrance.words,
    )
    made.quotas(a=(1, 100))
    assert explained(made, "Full", 'cluster=~"prod-.*"').why == (
        "no sample of type quota with cluster=~prod-.* since the agent started, though 1 others were seen",
    )


def test_what_is_known_and_does_not_fire_is_counted(world: MakeWorld) -> None:
    made = world(FULL)
    made.quotas(a=(1, 100), b=(2, 100))
    answer = explained(made, "Full")
    assert answer.why == ("2 of 2 subjects are known, and none of them fires",)
    assert answer.subjects[0].words == "inactive: usage_bytes / hard_limit_bytes > 0.9 does not hold"


def test_the_worst_come_first_and_no_more_than_wanted(world: MakeWorld) -> None:
    made = world(WAITING.replace("for: 3m", "for: 1m"))
    made.quotas(c=(99, 100))
    made.quotas(a=(1, 100), b=(95, 100), c=(99, 100))
    answer = explained(made, "Full", limit=2)
    assert [(one.key["path"], one.state) for one in answer.subjects] == [("/c", "firing"), ("/b", "pending")]
    assert answer.known == 3


PIECES = st.lists(st.sampled_from(["a", "b", "/", ".*", "|"]), max_size=8).map("".join)


@given(pattern=PIECES, texts=st.lists(st.text("ab/", max_size=8), max_size=5))
def test_simple_patterns_of_a_question_mean_what_the_library_says(pattern: str, texts: list[str]) -> None:
    (eased,), known = asked.parsed([f'path=~"{pattern}"']), matchers.parse(f'path=~"{pattern}"')
    assert asked.plain(pattern) is not None
    assert [eased.matches({"path": text}) for text in texts] == [known.matches({"path": text}) for text in texts]


def test_explaining_changes_nothing(fired: World) -> None:
    before = fired.engine.alerts()
    explained(fired, "Full")
    fired.quotas(0, a=(95, 100), b=(10, 100))
    again = {alert.fingerprint: alert.state for alert in fired.engine.alerts()}
    assert again == {alert.fingerprint: alert.state for alert in before}


def test_a_part_that_depends_on_the_variable_of_a_macro_is_left_out(world: MakeWorld) -> None:
    made = world("  - {alert: Odd, on: quota, when: '[usage_bytes, 1.0].exists(x, x > 90.0)'}\n")
    made.quotas(a=(95, 100))
    (record,) = explained(made, "Odd").subjects[0].records
    assert all("x" not in part.text or part.depth == 0 for part in record.conditions[0].parts)
    assert Part(2, "usage_bytes", 95.0) in record.conditions[0].parts


def test_ten_thousand_subjects_are_explained_in_fifty_milliseconds(world: MakeWorld) -> None:
    made = world(FULL)
    made.quotas(**{f"q{number}": (95 if number < 20 else 10, 100) for number in range(10_000)})
    explained(made, "Full", limit=1)
    began = time.process_time()
    answer = explained(made, "Full", limit=20)
    spent = time.process_time() - began
    assert (answer.known, len(answer.subjects)) == (10_000, 20)
    assert spent < 0.2  # 20 to 30 ms; the machine may be busy
    assert made.now > START


def test_a_pattern_that_needs_the_library_is_held_against_so_many_and_the_rest_is_told(world: MakeWorld) -> None:
    made = world(FULL)
    many = 3 * asked.MOST_HARD
    made.quotas(**{f"q{number}": (95 if number >= many - 20 else 10, 100) for number in range(many)})
    began = time.process_time()
    answer = explained(made, "Full", "path=~/q[0-9]+", limit=20)
    spent = time.process_time() - began
    assert [one.state for one in answer.subjects] == ["firing"] * 20  # the last to come, and the first to be asked
    assert answer.matching == asked.MOST_HARD
    assert answer.why[0].startswith(f"{many - asked.MOST_HARD} were not held against the pattern")
    assert spent < 0.3  # some 35 ms


def test_a_pattern_is_held_once_against_each_value(world: MakeWorld) -> None:
    made = world(FULL)
    made.quotas(**{f"q{number}": (95, 100) for number in range(2 * asked.MOST_HARD)})
    answer = explained(made, "Full", "cluster=~[l]a[b]", limit=1)
    assert answer.matching == 2 * asked.MOST_HARD
    none = explained(made, "Full", "cluster=~[m]ab", limit=1)
    assert none.matching == 0
    assert not any("held against" in words for words in none.why)
