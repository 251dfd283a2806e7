"""The file format of rules, as design.md fixes it. Strict: an unknown key is a fault, and so is a number where text belongs.

These models know the shape only; `checks` holds a rule against schemas and remediations. What each field says of itself goes into
docs/reference/rules.schema.json, which editors read, and into the hints of faults.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

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
    """Who must agree to a run; the defaults are those of `model.rules`, which a test compares."""

    quorum: Positive = Field(1, description="how many people must agree")
    not_proposer: Flag = Field(default=True, description="whether whoever proposed the run cannot approve it")
    expires: Duration = Field(timedelta(minutes=30), description="how long the question stands; then it is denied")
    recheck: Flag = Field(default=True, description="whether the condition is asked again before the run begins")


class VerifyText(Strict):
    """How the success of a run is measured."""

    when: str | None = Field(
        None, description="the condition, in CEL, that must hold on data measured after the change; else: that the alert is over"
    )
    within: Duration = Field(timedelta(minutes=10), description="how long it may take until it holds")


class BreakerText(Strict):
    """When failures switch a remediation off."""

    failures: Positive = Field(description="after so many failures in a row nothing runs until a person says so")


class GuardText(Strict):
    """The limits of a remediation. What is absent has the model's default; nothing switches a guard off."""

    cooldown: Duration = Field(timedelta(minutes=15), description="how long nothing runs again after a run")
    max_runs: Annotated[
        tuple[int, timedelta],
        BeforeValidator(_max_runs),
        WithJsonSchema({"type": "string", "pattern": r"^[1-9]\d{0,3}/(\d+(ms|[smhdwy]))+$", "examples": ["3/24h"]}),
    ] = Field((3, timedelta(hours=24)), description="how many runs in how long, such as 3/24h")
    concurrent: Positive = Field(1, description="how many may run at once")
    per: list[LabelName] = Field(default=["target"], min_length=1, description="the labels for which the limits are counted")
    max_targets: Positive = Field(1, description="how many targets a storm may touch")
    breaker: BreakerText = Field(BreakerText(failures=2), description="when failures switch the remediation off")


class RemediateText(Strict):
    """What may be done."""

    remediation: str = Field(description="the remediation's name, such as onefs/quota_raise")
    variables: dict[str, str] = Field({}, description="an expression in CEL for each of the remediation's parameters")
    mode: Mode = Field(Mode.OBSERVE, description="how far it may go by itself: observe, check, approve or auto")
    approval: ApprovalText = Field(ApprovalText(), description="who must agree")
    verify: VerifyText | None = Field(None, description="how success is measured; without it, the alert must be over")
    guard: GuardText = Field(GuardText(), description="the limits, which are always on")


class InhibitionText(Strict):
    """An alert for which this one waits."""

    alert: str = Field(description="the name of the alert for which this one waits")
    equal: list[LabelName] = Field([], description="the labels that must be equal on both")


class JoinText(Strict):
    """Another kind of record, whose fields conditions name as `name.field`."""

    on: str = Field(description="the kind of record that is joined")
    equal: list[LabelName] = Field(min_length=1, description="the labels that must be equal; the target's own is among them")


class FlapText(Strict):
    """When an alert goes up and down too often; the defaults are those of `model.rules`."""

    changes: Annotated[int, Field(strict=True, ge=2)] = Field(6, description="so many changes within the window are too many")
    window: Duration = Field(timedelta(minutes=30), description="the time within which changes are counted")


class CommonText(Strict):
    """What every rule can say, wherever its subjects come from."""

    alert: str = Field(
        pattern=_NAME, description="the name that people will see: letters, digits and underscores, such as QuotaFull"
    )
    match: list[str] = Field([], description='Alertmanager\'s matchers, such as cluster=~"prod-.*"; all must match')
    key: list[LabelName] | None = Field(
        default=None, min_length=1, description="the labels that make one subject; the target's own is among them"
    )
    hold: Duration = Field(timedelta(0), alias="for", description="how long the condition must hold before the alert fires")
    keep_firing_for: Duration = Field(timedelta(0), description="how long the alert fires on after it is clear")
    stale_after: Duration | None = Field(None, description="how long silence is a pause; longer, it is no data; else three polls")
    no_data: NoData = Field(NoData.KEEP, description="what becomes of the alert without data: keep, fire or resolve")
    flap: FlapText = Field(FlapText(), description="when an alert goes up and down too often, and is held until it is calm")
    freezes: list[LabelName] | None = Field(
        None, description="while this alert is raised, no remediation begins for subjects with equal values of these labels"
    )
    inhibited_by: list[InhibitionText] = Field([], description="the alerts for which this one waits")
    labels: dict[LabelName, str] = Field({}, description="labels that are given to the alert, such as severity")
    annotations: dict[LabelName, str] = Field({}, description="texts for people, in Jinja, such as summary")
    remediate: RemediateText | None = Field(None, description="what may be done")


class RuleText(CommonText):
    """One rule over the agent's own records."""

    on: str = Field(description="the kind of record, as a collector declares it; docs/reference/metrics.md lists them")
    when: str = Field(description="the condition, in CEL, that starts the worry")
    clear: str | None = Field(None, description="the condition, in CEL, that ends it; else: that `when` does not hold")
    joins: dict[LabelName, JoinText] = Field({}, alias="with", description="other records, by the names that conditions give them")
    source: Literal["samples"] = Field("samples", description="the agent's own samples; `alertmanager` for alerts from elsewhere")


class ForeignText(CommonText):
    """One rule over alerts that an Alertmanager sends; that one has judged already, so there is no condition."""

    source: Literal["alertmanager"] = Field(description="an Alertmanager's webhook")
    target: LabelName = Field("cluster", description="the label that carries the target's id")
    match: list[str] = Field(min_length=1, description="Alertmanager's matchers that say which alerts are meant")
    key: list[LabelName] = Field(min_length=1, description="the labels that make one subject; the target's own is among them")


class GroupText(Strict):
    """One group; its rules are validated one by one, so that one fault does not hide the next."""

    name: str = Field(min_length=1, description="a name for the rules that belong together")
    rules: list[Any] = Field(description="the rules")


class FileText(Strict):
    """A whole file. One that names `rule_files` may be a file of tests alone, as promtool reads it."""

    groups: list[GroupText] = Field(description="the groups of rules")
    tests: list[Any] = Field([], description="the tests of the rules, in promtool's format")
    rule_files: list[str] = Field([], description="of a file of tests: the files of the rules, from its own folder on")
    evaluation_interval: Duration | None = Field(None, description="of promtool; here rules are judged when data come")
    group_eval_order: list[str] = Field([], description="of promtool; here an inhibitor is judged before whom it inhibits")
    fuzzy_compare: bool = Field(default=True, description="of promtool; here numbers are always compared to nine digits")

    @model_validator(mode="before")
    @classmethod
    def _tests_may_stand_alone(cls, data: object) -> object:
        if isinstance(data, dict) and data.get("rule_files") and "groups" not in data:
            return {**data, "groups": []}
        return data
