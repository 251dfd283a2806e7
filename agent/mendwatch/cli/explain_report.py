"""An explanation as people read it. What devices wrote in it is shown with every invisible character visible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from mendwatch.cli import output
from mendwatch.config.durations import format_duration
from mendwatch.model.text import escaped

#: Decisions that are shown; --json has them all.
_DECISIONS = 10


def tell(told: Mapping[str, Any]) -> None:
    """Print an explanation."""
    explanation = told["explanation"]
    _rule(explanation["rule"], explanation, str(told["source"]))
    for words in explanation["why"]:
        _line(f"  {words}")
    for subject in explanation.get("subjects", ()):
        _subject(subject, told["guards"].get(subject["fingerprint"], ()))
    for alert in explanation.get("alerts", ()):
        _line(f"\n{_pairs(alert['key'])}: {alert['state']}, last seen {alert['last_seen']}")
    _decisions(told["decisions"])


def _rule(rule: Mapping[str, Any], explanation: Mapping[str, Any], source: str) -> None:
    _line(f"{rule['alert']} ({rule['path']}:{rule['line']}), over {rule['on']} {' '.join(rule['match'])}".rstrip())
    _line(f"  when   {rule['when']}" + (f", for {_span(rule['hold'])}" if rule["hold"] else ""))
    if rule["clear"]:
        _line(f"  clear  {rule['clear']}")
    if rule["remediation"]:
        _line(f"  asks for {rule['remediation']} in mode {rule['mode']}")
    if source != "agent":
        _line(f"  told from {source}")
    elif explanation["known"]:
        states = ", ".join(f"{number} {state}" for state, number in explanation["states"].items())
        _line(f"  {explanation['known']} subjects: {states}")


def _subject(subject: Mapping[str, Any], guards: Iterable[Mapping[str, Any]]) -> None:
    _line(f"\n{_pairs(subject['key'] or subject['labels'])}")
    _line(f"  {subject['words']}")
    for one in subject["matchers"]:
        _line(f"  {_mark(one['matches'])} {one['text']}  ({'no such label' if one['label'] is None else one['label']})")
    for record in subject["records"]:
        _record(record)
    for clock in subject["clocks"]:
        left = "" if clock["left"] is None else f", {_span(clock['left'])} left"
        _line(f"  clock {clock['name']}: since {clock['since'][:19]}Z{left}: {clock['words']}")
    for hold in subject["holds"]:
        _line(f"  held back: {hold['guard']}: {hold['reason']}")
    for guard in guards:
        if guard["blocks"]:
            _line(f"  no run: {guard['guard']}: {guard['reason']}")


def _record(record: Mapping[str, Any]) -> None:
    for asked in record["conditions"]:
        _line(f"  {asked['what']}: {_answer(asked['answer'])}")
        for part in asked["parts"]:
            _line(f"    {'  ' * part['depth']}{part['text']} = {_value(part['value'])}")
        if asked["missing"]:
            _line(f"    without a value: {', '.join(asked['missing'])}")
    for one in record["derived"]:
        _line(f"  {one['text']} = {_value(one['value'])}, of {one['inputs']}")


def _decisions(decisions: list[Mapping[str, Any]]) -> None:
    output.line()
    rows = ((one["at"][:19] + "Z", one["kind"], one["word"], _pairs(one["key"]), one["reason"]) for one in decisions[:_DECISIONS])
    output.table(("DECIDED", "WHAT", "WORD", "SUBJECT", "WHY"), rows, empty="nothing was decided yet")
    if len(decisions) > _DECISIONS:
        output.line(f"... and {len(decisions) - _DECISIONS} more; --json gives all")


def _line(text: str) -> None:
    output.line("\n".join(map(escaped, text.split("\n"))))


def _mark(matches: bool) -> str:  # noqa: FBT001 - an answer
    return "+" if matches else "-"


def _answer(answer: bool | None) -> str:  # noqa: FBT001 - an answer
    return {True: "yes", False: "no", None: "no answer"}[answer]


def _value(value: object) -> str:
    if value is None:
        return "no value"
    return f"{value:.10g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items()) or "-"


def _span(seconds: float) -> str:
    return format_duration(timedelta(seconds=round(seconds)))
