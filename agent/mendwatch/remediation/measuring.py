"""Measuring success anew: fresh polls until the condition holds or the time is up. No data is never success."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from mendwatch.config.durations import format_duration
from mendwatch.errors import TargetError
from mendwatch.model.proposals import Verdict
from mendwatch.model.rules import Rule, Verify
from mendwatch.model.runs import Run
from mendwatch.remediation.parts import Parts


async def still_firing(parts: Parts, rule: Rule, run: Run) -> Verdict:
    """Ask once, on fresh data, whether the alert is still there; a target that does not answer gives no data."""
    try:
        return await parts.judge.still_firing(rule, run.fingerprint)
    except TargetError as problem:
        return Verdict(None, str(problem), {})


async def measure(parts: Parts, rule: Rule, run: Run, since: datetime, within: float) -> Verdict:
    """Poll until the rule's verification holds, at most so many seconds; gives the last verdict."""
    deadline = parts.clock.monotonic() + within
    pause = parts.limits.first_pause
    while True:
        verdict = await _ask(parts, rule, run, since)
        left = deadline - parts.clock.monotonic()
        if verdict.holds or left <= 0:
            return verdict
        await parts.clock.sleep(min(pause, left))
        pause = min(pause * 2, parts.limits.longest_pause)


def within(rule: Rule) -> float:
    """Give the seconds in which success must show."""
    stanza = rule.remediate
    verify = stanza.verify if stanza and stanza.verify else Verify("")
    return verify.within.total_seconds()


def words(verdict: Verdict, seconds: float) -> str:
    """Say what a measurement of so many seconds means."""
    if verdict.holds:
        return f"measured anew: {verdict.reason}"
    limit = format_duration(timedelta(seconds=seconds))
    if verdict.holds is None:
        return f"no data came within {limit}, and no data is never success: {verdict.reason}"
    return f"the goal was not reached within {limit}: {verdict.reason}"


async def _ask(parts: Parts, rule: Rule, run: Run, since: datetime) -> Verdict:
    """Ask for `verify.when`; a rule without one is verified by its condition being gone."""
    if rule.remediate and rule.remediate.verify:
        try:
            return await parts.judge.verify(rule, run.fingerprint, since)
        except TargetError as problem:
            return Verdict(None, str(problem), {})
    verdict = await still_firing(parts, rule, run)
    return verdict if verdict.holds is None else replace(verdict, holds=not verdict.holds)
