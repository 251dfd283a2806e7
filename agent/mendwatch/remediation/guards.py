"""The guards: why a remediation may not start now. Pure functions; every one is asked, so that "why not" can be shown.

They are on by default (`model.rules.Guard`): safety belts that default to off are not worn. A guard answers None where it
does not mind, else its reason in words. The order of GUARDS is the order in which a person would want to be told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jsonschema import Draft202012Validator

from mendwatch.config.durations import format_duration
from mendwatch.model.remediations import Remediation
from mendwatch.model.rules import Mode, Remediate, Rule
from mendwatch.model.runs import OPEN, Run, RunState
from mendwatch.model.targets import Target
from mendwatch.remediation import breakers

#: A run that was superseded was overtaken by the facts; nobody's time or word was spent, so it starts no cooldown.
_NO_COOLDOWN = OPEN | {RunState.SUPERSEDED}


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """One guard's word: `blocks` or not, and why."""

    guard: str
    blocks: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Request:
    """What the guards look at: one wish to run, and the world as it is now.

    `runs` are all open runs, those that ended within `window` and the last ones that settled, without the one in question.
    `remediation` is None where the catalogue has none of that name; `readable` and `writable` tell whether an account of that tier
    is configured. `stopped` says why no run may start at all; failures up to `forgiven` do not count for the breaker.
    """

    rule: Rule
    stanza: Remediate
    target: Target
    fingerprint: str
    subject: Mapping[str, str]
    variables: Mapping[str, object]
    remediation: Remediation | None
    runs: Sequence[Run]
    readable: bool
    writable: bool
    now: datetime
    stopped: str = ""
    forgiven: datetime | None = None


def window(stanza: Remediate) -> timedelta:
    """Tell how far back the guards look."""
    return max(stanza.guard.cooldown, stanza.guard.max_runs_window)


def verdicts(request: Request) -> tuple[GuardVerdict, ...]:
    """Ask every guard."""
    answers = ((name, guard(request)) for name, guard in GUARDS.items())
    return tuple(GuardVerdict(name, reason is not None, reason or "does not mind") for name, reason in answers)


def blocking(found: Sequence[GuardVerdict]) -> GuardVerdict | None:
    """Give the first guard that blocks: its reason is the one a person is told."""
    return next((verdict for verdict in found if verdict.blocks), None)


def _mode(request: Request) -> str | None:
    return "the rule's mode is observe: it only records what would be done" if request.stanza.mode is Mode.OBSERVE else None


def _kill_switch(request: Request) -> str | None:
    return request.stopped or None


def _available(request: Request) -> str | None:
    wanted, found = request.stanza.remediation, request.remediation
    if found is None:
        return f"there is no remediation {wanted}"
    if found.unavailable:
        return f"{wanted} cannot run here: {found.unavailable}"
    if found.provider != request.target.provider:
        return f"{wanted} is for {found.provider} targets, and {request.target.id} is of {request.target.provider}"
    return None


def _parameters(request: Request) -> str | None:
    if request.remediation is None:
        return None
    return invalid(request.remediation.parameters, request.variables)


def invalid(parameters: Mapping[str, object], variables: Mapping[str, object]) -> str | None:
    """Say how variables do not fit a remediation's parameters, or None where they do."""
    try:
        json.dumps(dict(variables), allow_nan=False)
    except (TypeError, ValueError) as problem:
        return f"the variables cannot be written as JSON: {problem}"
    found = min(
        Draft202012Validator(parameters).iter_errors(dict(variables)),
        key=lambda problem: list(map(str, problem.path)),
        default=None,
    )
    if found is None:
        return None
    where = ".".join(map(str, found.path))
    return f"the variables do not fit: {where}: {found.message}" if where else f"the variables do not fit: {found.message}"


def _credential(request: Request) -> str | None:
    if not request.readable:
        return f"{request.target.id} has no read credential to plan with"
    if not request.writable and request.stanza.mode is not Mode.CHECK:
        return f"{request.target.id} has no write credential: nothing is ever applied to it"
    return None


def _cooldown(request: Request) -> str | None:
    cooldown = request.stanza.guard.cooldown
    ended = [run.ended_at for run in _of_alert(request) if run.ended_at and run.state not in _NO_COOLDOWN]
    last = max(ended, default=None)
    if last is None or last + cooldown <= request.now:
        return None
    until = f"the cooldown of {format_duration(cooldown)} lasts until {_time(last + cooldown)}"
    return f"the last run for this alert ended at {_time(last)}; {until}"


def _max_runs(request: Request) -> str | None:
    guard = request.stanza.guard
    since = request.now - guard.max_runs_window
    started = [run for run in _of_group(request) if run.started_at and run.started_at > since]
    if len(started) < guard.max_runs:
        return None
    allowed = f"{guard.max_runs} are allowed within {format_duration(guard.max_runs_window)}"
    return f"{len(started)} runs started {_group_words(request)}; {allowed}"


def _concurrent(request: Request) -> str | None:
    limit = request.stanza.guard.concurrent
    count = sum(run.state in OPEN for run in _of_group(request))
    return f"{count} of its runs are open {_group_words(request)}; {limit} at a time" if count >= limit else None


def _max_targets(request: Request) -> str | None:
    limit = request.stanza.guard.max_targets
    others = {run.target for run in _of_rule(request) if run.state in OPEN} - {request.target.id}
    if len(others) < limit:
        return None
    return f"this rule has open runs on {', '.join(sorted(others))}; {limit} targets at a time"


def _breaker(request: Request) -> str | None:
    """Count failures in a row on this target, however long ago; only a person closes the breaker."""
    here = [run for run in _of_rule(request) if run.target == request.target.id]
    row = len(breakers.failures(here, request.forgiven))
    return breakers.words(row, request.target.id, request.rule.alert) if row >= request.stanza.guard.breaker_failures else None


def _of_rule(request: Request) -> list[Run]:
    return [run for run in request.runs if run.rule == request.rule.alert]


def _of_alert(request: Request) -> list[Run]:
    return [run for run in _of_rule(request) if run.fingerprint == request.fingerprint]


def _of_group(request: Request) -> list[Run]:
    mine = _group(request, request.target.id, request.subject)
    return [run for run in _of_rule(request) if _group(request, run.target, run.subject) == mine]


def _group(request: Request, target: str, subject: Mapping[str, str]) -> tuple[str, ...]:
    """Give the values of `per`; a label that a subject does not have makes one group of all that lack it."""
    return tuple(target if name == "target" else subject.get(name, "") for name in request.stanza.guard.per)


def _group_words(request: Request) -> str:
    values = _group(request, request.target.id, request.subject)
    pairs = zip(request.stanza.guard.per, values, strict=True)
    return "for " + ", ".join(f"{name} {value}" for name, value in pairs) if values else "in all"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


#: Every guard by its name.
GUARDS: Mapping[str, Callable[[Request], str | None]] = {
    "mode": _mode,
    "kill_switch": _kill_switch,
    "available": _available,
    "parameters": _parameters,
    "credential": _credential,
    "breaker": _breaker,
    "cooldown": _cooldown,
    "max_runs": _max_runs,
    "concurrent": _concurrent,
    "max_targets": _max_targets,
}
