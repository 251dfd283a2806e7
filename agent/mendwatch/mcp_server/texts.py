"""The answers as compact text, for clients that show their model the text and not the structure. The same facts.

Strings that come from a target stand in quotes; the shapes have cleaned them already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from mendwatch.mcp_server.shapes import MetricAnswer, Number, RunDetail, RunList, RunSummary, SeriesShape, TargetList, TargetShape

#: Stands at the end of an answer that is not all.
MORE = "(truncated: ask for less, or use the command line)"


def run_list(answer: RunList) -> str:
    """Give one line per run."""
    if not answer.runs:
        return "no runs"
    return joined(f"{answer.shown} runs, newest first", *map(_run_line, answer.runs), MORE if answer.truncated else "")


def run_detail(run: RunDetail) -> str:
    """Give one run, its plan and what can be done."""
    return joined(
        _run_line(run),
        f"rule {run.rule}, mode {run.mode}, proposed by {run.proposer}",
        f"plan_hash {run.plan_hash}" if run.plan_hash else "no plan yet",
        *(f"variable {name} = {value}" for name, value in run.variables.items()),
        *(_change(change.subject, change.before, change.after) for change in run.changes),
        *(f"{time(d.at)} {d.verdict} by {d.actor} {quoted(d.reason) if d.reason else ''}".rstrip() for d in run.decisions),
        f"started {time(run.started_at)}" if run.started_at else "",
        f"ended {time(run.ended_at)}" if run.ended_at else "",
        f"outcome {pairs(run.outcome)}" if run.outcome else "",
        f"events resolved: {', '.join(map(quoted, run.events_resolved))}" if run.events_resolved else "",
        MORE if run.truncated else "",
        run.next,
    )


def target_list(answer: TargetList) -> str:
    """Give one line per target, and one per collector that fails."""
    if not answer.targets:
        return "no targets are configured"
    shown = f"{answer.shown} of {answer.total} targets"
    return joined(shown, *map(_target, answer.targets), MORE if answer.truncated else "")


def metric_answer(answer: MetricAnswer) -> str:
    """Give a table: one line per series."""
    window = f"{answer.selector} from {time(answer.start)} to {time(answer.end)}"
    if not answer.series:
        return joined(f"{window}: no series", _late(answer), answer.hint or "")
    header = "labels | n min mean max max_at last slope/h"
    shown = f"{answer.shown} of {answer.total} series, largest maximum first"
    return joined(window, _late(answer), shown, header, *map(_series, answer.series), MORE if answer.truncated else "")


def _late(answer: MetricAnswer) -> str:
    late = answer.held_since if answer.held_since and answer.held_since > answer.start else None
    return f"held only since {time(late)}: what was before is not in these numbers, or only in part" if late else ""


def _run_line(run: RunSummary) -> str:
    expires = f", expires {time(run.expires_at)}" if run.expires_at else ""
    note = f", note {quoted(run.note)}" if run.note else ""
    head = f"{run.id} {run.state}: {run.remediation} on {run.target} {pairs(run.subject)}"
    return f"{head}, risk {run.risk}, created {time(run.created_at)}{expires}{note}"


def _change(subject: str, before: str, after: str) -> str:
    return f"change of {quoted(subject)}: from {quoted(before)} to {quoted(after)}"


def _target(target: TargetShape) -> str:
    up = {True: "up", False: "down", None: "not asked yet"}[target.up]
    what = f" {quoted(f'{target.product} {target.version}')}" if target.product else ""
    error = f", error {quoted(target.error)}" if target.error else ""
    until = f", next try {time(target.until)}" if target.until else ""
    failing = "".join(f"\n  collector {c.name} {c.state}: {quoted(c.error)}" for c in target.collectors if c.error)
    hint = f"\n  hint: {target.hint}" if target.hint else ""
    return f"{target.id} ({target.provider}, {target.address}) {up}, {target.state}{what}{error}{until}{hint}{failing}"


def _series(series: SeriesShape) -> str:
    numbers = " ".join(map(_number, (series.min, series.mean, series.max)))
    after = f"{time(series.max_at)} {_number(series.last)} {_number(series.slope_per_hour)}"
    return f"{series.metric}{pairs(series.labels)} | {series.count} {numbers} {after}"


def _number(value: Number) -> str:
    return "-" if value is None else f"{value:.6g}"


def pairs(values: Mapping[str, str]) -> str:
    """Write labels and what is like them, each value in quotes."""
    return "{" + ", ".join(f"{key}={quoted(value)}" for key, value in values.items()) + "}"


def quoted(text: str | None) -> str:
    """Write a text that came from outside in quotes."""
    return json.dumps(text or "", ensure_ascii=False)


def time(moment: datetime | None) -> str:
    """Write a time to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else "-"


def joined(*lines: str) -> str:
    """Put lines together, without the empty ones."""
    return "\n".join(line for line in lines if line)
