"""The file format of a rule's tests: promtool's, plus `silences`, `exp_runs` and `exp_blocked`. As strict as the rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from mendwatch.alerting.format import Strict
from mendwatch.config.durations import Duration
from mendwatch.config.wording import HintedError
from mendwatch.model.rules import Mode

#: What promtool tests and we cannot.
_UNSUPPORTED = {
    "promql_expr_test": "It asks PromQL, in which no rule here is written: leave it to promtool.",
    "external_labels": "Rules here know only the labels of what they judge: leave it out.",
    "external_url": "Texts here name no server: leave it out.",
}


class SeriesText(Strict):
    """One input series: `metric{label="value"}` and its values, one per interval."""

    series: str
    values: str


class ExpectedAlert(Strict):
    """One alert that is up at the time. Annotations are compared where they are written; without a state, it fires or resolves."""

    exp_labels: dict[str, str] = Field(default_factory=dict)
    exp_annotations: dict[str, str] | None = None
    exp_state: Literal["firing", "resolving", "no_data"] | None = None


class Expectation(Strict):
    """What is expected of one rule at one time, counted from the test's beginning."""

    eval_time: Duration
    alertname: str


class AlertTest(Expectation):
    """Which alerts of one name are up at one time, exactly. An alert's name is one rule's alone, so its group says nothing more."""

    groupname: str = ""
    exp_alerts: list[ExpectedAlert] = Field(default_factory=list)


class SilenceText(Strict):
    """A silence over a part of the test, counted from its beginning."""

    matchers: list[str] = Field(min_length=1)
    start: Duration = timedelta(0)
    end: Duration
    comment: str = "of the test"


class ExpectedRun(Expectation):
    """One run that is asked for at a time; `remediation: null` expects none."""

    remediation: str | None
    mode: Mode | None = None
    variables: dict[str, str | int | float | bool] | None = None


class ExpectedBlock(Expectation):
    """One remediation that is held back at a time, and the word that says why."""

    reason: Literal["observe", "inhibited", "silenced", "frozen", "flapping", "variables"]


class RuleTestText(Strict):
    """One test."""

    name: str = ""
    interval: Duration = timedelta(minutes=1)
    input_series: list[SeriesText] = Field(min_length=1)
    silences: list[SilenceText] = Field(default_factory=list)
    alert_rule_test: list[AlertTest] = Field(default_factory=list)
    exp_runs: list[ExpectedRun] = Field(default_factory=list)
    exp_blocked: list[ExpectedBlock] = Field(default_factory=list)

    promql_expr_test: list[object] = Field(default_factory=list)
    external_labels: dict[str, str] = Field(default_factory=dict)
    external_url: str = ""

    @field_validator("promql_expr_test", "external_labels", "external_url")
    @classmethod
    def _is_not_there(cls, value: object, info: ValidationInfo) -> object:
        if value:
            raise HintedError("is not supported", _UNSUPPORTED[info.field_name or ""])
        return value

    def expectations(self) -> dict[str, list[Expectation]]:
        """Give all that is expected, by the key it stands under."""
        return {
            "alert_rule_test": [*self.alert_rule_test],
            "exp_runs": [*self.exp_runs],
            "exp_blocked": [*self.exp_blocked],
        }

    def times(self) -> list[timedelta]:
        """Give the times at which something is expected, in order."""
        return sorted({item.eval_time for items in self.expectations().values() for item in items})
