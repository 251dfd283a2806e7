"""The file format of rules, as design.md fixes it. Strict: an unknown key is a fault, and so is a number where text belongs.

These models know the shape only; `checks` holds a rule against schemas and remediations.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mendwatch.config.durations import Duration, parse_duration
from mendwatch.model.rules import Mode, NoData

_NAME = r"^[a-zA-Z_][a-zA-Z0-9_]*$"
_MAX_RUNS = re.compile(r"([1-9]\d{0,3})/(\w+)")

Positive = Annotated[int, Field(strict=True, ge=1)]
Flag = Annotated[bool, Field(strict=True)]
LabelName = Annotated[str, Field(pattern=_NAME)]


class Strict(BaseModel):
    """A stanza that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _max_runs(text: object) -> tuple[int, timedelta]:
    found = _MAX_RUNS.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        message = f"{text!r} is no number of runs in a time; write for example 3/24h"
        raise ValueError(message)
    return int(found[1]), parse_duration(found[2])


class ApprovalText(Strict):
    """`approval:`; the defaults are those of `model.rules`, which a test compares."""

    quorum: Positive = 1
    not_proposer: Flag = True
    expires: Duration = timedelta(minutes=30)
    recheck: Flag = True


class VerifyText(Strict):
    """`verify:`."""

    when: str
    within: Duration = timedelta(minutes=10)


class BreakerText(Strict):
    """`breaker:`."""

    failures: Positive


class GuardText(Strict):
    """`guard:`. What is absent has the model's default; nothing switches a guard off."""

    cooldown: Duration = timedelta(minutes=15)
    max_runs: Annotated[tuple[int, timedelta], BeforeValidator(_max_runs)] = (3, timedelta(hours=24))
    concurrent: Positive = 1
    per: list[LabelName] = Field(default=["target"], min_length=1)
    max_targets: Positive = 1
    breaker: BreakerText = BreakerText(failures=2)


class RemediateText(Strict):
    """`remediate:`."""

    remediation: str
    variables: dict[str, str] = {}
    mode: Mode = Mode.OBSERVE
    approval: ApprovalText = ApprovalText()
    verify: VerifyText | None = None
    guard: GuardText = GuardText()


class InhibitionText(Strict):
    """One item of `inhibited_by:`."""

    alert: str
    equal: list[LabelName] = []


class JoinText(Strict):
    """One value of `with:`."""

    on: str
    equal: list[LabelName] = Field(min_length=1)


class FlapText(Strict):
    """`flap:`; the defaults are those of `model.rules`."""

    changes: Annotated[int, Field(strict=True, ge=2)] = 6
    window: Duration = timedelta(minutes=30)


class CommonText(Strict):
    """What every rule can say, wherever its subjects come from."""

    alert: str = Field(pattern=_NAME)
    match: list[str] = []
    key: list[LabelName] | None = Field(default=None, min_length=1)
    hold: Duration = Field(default=timedelta(0), alias="for")
    keep_firing_for: Duration = timedelta(0)
    stale_after: Duration | None = None
    no_data: NoData = NoData.KEEP
    flap: FlapText = FlapText()
    freezes: list[LabelName] | None = None
    inhibited_by: list[InhibitionText] = []
    labels: dict[LabelName, str] = {}
    annotations: dict[LabelName, str] = {}
    remediate: RemediateText | None = None


class RuleText(CommonText):
    """One rule over the agent's own records."""

    on: str
    when: str
    clear: str | None = None
    joins: dict[LabelName, JoinText] = Field(default={}, alias="with")
    source: Literal["samples"] = "samples"


class ForeignText(CommonText):
    """One rule over alerts that an Alertmanager sends; that one has judged already, so there is no condition."""

    source: Literal["alertmanager"]
    target: LabelName = "cluster"
    match: list[str] = Field(min_length=1)
    key: list[LabelName] = Field(min_length=1)


class GroupText(Strict):
    """One group; its rules are validated one by one, so that one fault does not hide the next."""

    name: str = Field(min_length=1)
    rules: list[Any]


class FileText(Strict):
    """A whole file."""

    groups: list[GroupText]
    tests: list[Any] = []
