"""What an explanation says, as plain data: for people, for scripts and for models alike. Nouns only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

#: What a part of an expression gives: None where there is no value.
Value = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a condition: how it reads, what it gives, and how deep it stands in the whole."""

    depth: int
    text: str
    value: Value


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition of a rule put to one record: its answer, and the value of every part, the whole one first.

    `missing` are the names without a value: while there is one, there may be no answer.
    """

    what: str  # when, clear or verify
    text: str
    answer: bool | None
    parts: tuple[Part, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derivation:
    """A value that no record has by itself: a window, a joined field, a count; `inputs` say in words what it was made of."""

    text: str
    value: float | None
    inputs: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One record of a subject: when it was asked for and measured, the values that the rule names, and what came of them."""

    polled_at: datetime
    measured_at: datetime
    values: Mapping[str, float]
    derived: tuple[Derivation, ...]
    conditions: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class MatcherAnswer:
    """One matcher of the rule, and the label that it was held against; None where the record has no such label."""

    text: str
    label: str | None
    matches: bool


@dataclass(frozen=True, slots=True)
class ClockState:
    """One of an alert's clocks: since when it runs, for how long, and how many seconds are left (None: it has no end)."""

    name: str
    since: datetime
    seconds: float
    left: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that holds a remediation back now."""

    guard: str
    reason: str


@dataclass(frozen=True, slots=True)
class SubjectAnswer:
    """One subject of a rule, or one record that the rule does not take (then `state` is empty).

    `words` say in one sentence how it stands and why.
    """

    key: Mapping[str, str]
    labels: Mapping[str, str]
    target: str
    fingerprint: str
    state: str
    words: str
    matchers: tuple[MatcherAnswer, ...] = ()
    clocks: tuple[ClockState, ...] = ()
    records: tuple[Seen, ...] = ()
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """The rule as it is in force."""

    alert: str
    group: str
    on: str
    match: tuple[str, ...]
    when: str
    clear: str | None
    hold: float
    keep_firing_for: float
    no_data: str
    remediation: str | None
    mode: str | None
    path: str
    line: int
    digest: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer. `states` counts all known subjects by state; `subjects` are the first of the `matching`, worst first.

    `why` says, where nothing fires, what is missing or what refuses: one sentence each.
    """

    at: datetime
    rule: RuleFacts
    known: int
    matching: int
    states: Mapping[str, int]
    subjects: tuple[SubjectAnswer, ...]
    why: tuple[str, ...]
