"""What a backtest found, for people and for scripts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from mendwatch.alerting.recording.summary import Difference, Found, differences
from mendwatch.alerting.recording.tally import Asked, Episode
from mendwatch.cli import output
from mendwatch.config.durations import format_duration
from mendwatch.model.text import count

T = TypeVar("T")
#: Of each kind, so many lines are shown to people; a script gets all.
MOST = 50


def tell(after: Found, before: Found | None, *, json: bool) -> None:
    """Print what rules would have done, and how that differs from what others would have."""
    if json:
        body: dict[str, object] = {name: getattr(after, name) for name in Found.__dataclass_fields__}
        output.as_json(
            body if before is None else {**body, "compared": {"rules": before.rules, "differences": differences(before, after)}}
        )
        return
    span = f"{output.moment(after.since)} to {output.moment(after.until)}"
    output.line(f"{span}: {count(after.readings, 'reading')}, {count(after.samples, 'sample')}, {count(len(after.rules), 'rule')}")
    _fired(after)
    _asked("would have been asked for", after.asked, "nothing would have been asked for")
    _asked("would have been withheld", after.withheld, "")
    _summary(after)
    if before is not None:
        _compared(differences(before, after))


def _fired(found: Found) -> None:
    output.line()
    rows = (
        (e.rule, e.target, _key(e), e.fired_at, e.until or "still", _span(e.seconds(found.until)), _peaks(e))
        for e in found.episodes
    )
    output.table(
        ("FIRED", "TARGET", "SUBJECT", "SINCE", "UNTIL", "FOR", "VALUES"), islice(rows, MOST), empty="nothing would have fired"
    )
    _more(found.episodes)


def _asked(title: str, asked: tuple[Asked, ...], empty: str) -> None:
    if not asked and not empty:
        return
    output.line()
    rows = (
        (a.at, a.rule, a.target, a.remediation, a.mode, _pairs(a.variables), f"{a.guard}: {a.reason}" if a.guard else "")
        for a in asked
    )
    heads = ("AT", title.upper(), "TARGET", "REMEDIATION", "MODE", "VARIABLES", "WHY NOT")
    width = len(heads) if any(one.guard for one in asked) else len(heads) - 1
    output.table(heads[:width], (row[:width] for row in islice(rows, MOST)), empty=empty)
    _more(asked)


def _summary(found: Found) -> None:
    output.line()
    fired = [line for line in found.rules if line.fired or line.asked or line.withheld]
    rows = ((r.rule, r.fired, r.subjects, _span(r.seconds), r.flapped, r.asked, r.withheld) for r in fired)
    output.table(("RULE", "FIRED", "SUBJECTS", "IN ALL", "FLAPPED", "ASKED", "WITHHELD"), rows, empty="no rule did anything")
    if fired and len(fired) < len(found.rules):
        output.line(f"{count(len(found.rules) - len(fired), 'rule')} did nothing")


def _compared(found: tuple[Difference, ...]) -> None:
    output.line()
    rows = ((d.rule, d.fired_before, d.fired_after, _maybe(d.seconds_before), _maybe(d.seconds_after)) for d in found)
    heads = ("RULE", "FIRED NOW", "FIRED THEN", "IN ALL NOW", "IN ALL THEN")
    output.table(heads, rows, empty="the present rules would have done the very same")


def _more(found: tuple[T, ...]) -> None:
    if len(found) > MOST:
        output.line(f"... and {len(found) - MOST} more; --json gives all")


def _key(episode: Episode) -> str:
    return _pairs({name: value for name, value in episode.key.items() if value != episode.target}) or "-"


def _pairs(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _peaks(episode: Episode) -> str:
    return ", ".join(_peak(name, *found) for name, found in sorted(episode.peaks.items())) or "-"


def _peak(name: str, least: float, most: float) -> str:
    return f"{name}={most:.6g}" if least == most else f"{name}={least:.6g}..{most:.6g}"


def _span(seconds: float) -> str:
    return format_duration(timedelta(seconds=round(seconds)))


def _maybe(seconds: float | None) -> str:
    return "-" if seconds is None else _span(seconds)
