"""What the tools about rules answer: small, and clean by construction, like all shapes."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from mendwatch.mcp_server.cleaning import Block, Line
from mendwatch.mcp_server.shapes import UNTRUSTED, Shape


class RuleShape(Shape):
    """One rule with its worst state and how many of its subjects are in each."""

    name: Line
    group: Line
    on: Line
    state: Line
    when: Block
    states: dict[Line, int]
    remediation: Line | None = None
    mode: Line | None = None


class RuleList(Shape):
    """Rules, those that fire first."""

    rules: tuple[RuleShape, ...]
    shown: int
    total: int
    truncated: bool = False


class PartShape(Shape):
    """One part of a condition and what it gives; null where it has no value."""

    text: Line
    value: Line | None = Field(description=UNTRUSTED)
    depth: int


class RuleSubjectShape(Shape):
    """One subject: how it stands, the values of `when`, the clocks that run and what holds its remediation back."""

    subject: dict[Line, Line] = Field(description=UNTRUSTED)
    state: Line
    words: Line = Field(description=UNTRUSTED)
    refused_by: tuple[Line, ...] = Field(default=(), description="Matchers of the rule that do not accept it.")
    parts: tuple[PartShape, ...] = ()
    derived: dict[Line, Line] = Field(default_factory=dict)
    clocks: tuple[Line, ...] = ()
    held_back: tuple[Line, ...] = ()


class RuleDecisionShape(Shape):
    """One row of the journal."""

    at: datetime
    kind: Line
    word: Line
    reason: Line = Field(description=UNTRUSTED)
    subject: dict[Line, Line] = Field(description=UNTRUSTED)


class RuleExplanation(Shape):
    """Why a rule does what it does. `why` says what is missing or what refuses, where nothing fires."""

    rule: Line
    on: Line
    match: tuple[Line, ...]
    when: Block
    clear: Block | None
    waits: Line
    remediation: Line | None
    mode: Line | None
    known: int
    matching: int
    states: dict[Line, int]
    why: tuple[Line, ...] = Field(description=UNTRUSTED)
    subjects: tuple[RuleSubjectShape, ...]
    decisions: tuple[RuleDecisionShape, ...]
    truncated: bool = False
