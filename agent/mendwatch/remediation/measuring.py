"""Measuring success anew: fresh polls until the condition holds or the time is up. No data is never success."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mendwatch.config.durations import format_duration
from mendwatch.errors import TargetError
from mendwatch.model.proposals import Verdict
from mendwatch.model.rules import Rule, Verify
from mendwatch.model.runs import Run
from mendwatch.remediation.parts import Limits, Parts


async def still_firing(parts: Parts, rule: Rule, run: Run) -> Verdict:
    """Ask once, on fresh data, whether the alert is still there; a target that does not answer gives no data."""
    try:
        return await parts.judge.still_firing(rule, run.fingerprint)
    except TargetError as problem:
        return Verdict(None, str(problem), {})


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a goal that is not reached, and a target without data, are given."""

    missed: float
    silent: float

    def of(self, verdict: Verdict) -> float:
        """Give the seconds for what the last measurement said."""
        return self.silent if verdict.holds is None else self.missed


async def measure(parts: Parts, rule: Rule, run: Run, since: datetime, patience: Patience) -> Verdict:
    """Poll until the rule's verification holds or patience ends; gives the last verdict."""
    began, pause = parts.clock.monotonic(), parts.limits.first_pause
    while True:
        verdict = await _ask(parts, rule, run, since)
        left = patience.of(verdict) - (parts.clock.monotonic() - began)
        if verdict.holds or left <= 0:
            return verdict
        await parts.clock.sleep(min(pause, left))
        pause = min(pause * 2, parts.limits.longest_pause)


def patience(rule: Rule, limits: Limits, *, cut: bool) -> Patience:
    """Give the rule's `within`; a run that was cut off is told sooner that it missed, because nothing works on it any more."""
    stanza = rule.remediate
    verify = stanza.verify if stanza and stanza.verify else Verify("")
    within = verify.within.total_seconds()
    return Patience(min(within, limits.interrupted_within) if cut else within, within)


def words(verdict: Verdict, patience: Patience) -> str:
    """Say what a measurement means."""
    if verdict.holds:
        return f"measured anew: {verdict.reason}"
    limit = format_duration(timedelta(seconds=patience.of(verdict)))
    if verdict.holds is None:
        return f"no data came within {limit}, and no data is never success: {verdict.reason}"
    return f"the goal was not reached within {limit}: {verdict.reason}"


async def _ask(parts: Parts, rule: Rule, run: Run, since: datetime) -> Verdict:
    """Ask for `verify.when`; a rule without one is verified by its condition being gone."""
    if rule.remediate and rule.remediate.verify and rule.remediate.verify.when:
        try:
            return await parts.judge.verify(rule, run.fingerprint, since)
        except TargetError as problem:
            return Verdict(None, str(problem), {})
    verdict = await still_firing(parts, rule, run)
    return verdict if verdict.holds is None else replace(verdict, holds=not verdict.holds)
