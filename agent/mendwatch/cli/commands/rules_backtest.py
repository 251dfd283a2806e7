"""`mendwatch rules backtest`: what rules would have done, had they been there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from mendwatch import content
from mendwatch.alerting import loading, maintenance, schemas, silencing
from mendwatch.alerting.recording import summary
from mendwatch.alerting.recording.events import Event, Observed
from mendwatch.alerting.recording.replaying import Replay
from mendwatch.alerting.recording.summary import Found, Span
from mendwatch.alerting.recording.tally import Tally
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import KnownSchema, Schemas
from mendwatch.alerting.silencing import Silencing
from mendwatch.cli import backtest_report
from mendwatch.cli.context import ConfigOption, JsonOption, settings_if_any, with_store
from mendwatch.clock import SystemClock
from mendwatch.config.documents import nearest
from mendwatch.config.durations import parse_duration
from mendwatch.config.settings import Settings
from mendwatch.errors import UserError
from mendwatch.model.silences import Silence
from mendwatch.model.targets import Secret
from mendwatch.polling import providers
from mendwatch.remediation.catalogue import Catalogue
from mendwatch.render.renderer import Renderer
from mendwatch.service import library, recorded
from mendwatch.service.pretending import PretendedRuns

#: The file by which one sees that an agent keeps its state there.
AUDIT_KEY = "audit.key"
#: A token on the command line would stand in the list of processes.
TOKEN_VARIABLE = "MENDWATCH_PROMETHEUS_TOKEN"  # noqa: S105 - the name of a variable

_Text = str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of the command."""

    rules: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or folders of rules; without any, those that the agent uses.", show_default=False),
    ] = None
    since: Annotated[_Text, typer.Option(help="When to begin, in ISO 8601; UTC if it names no zone.", show_default=False)] = None
    until: Annotated[_Text, typer.Option(help="When to end; now, if it is not given.", show_default=False)] = None
    last: Annotated[str, typer.Option(help="How much before the end, where --since is not given.")] = "24h"
    target: Annotated[_Text, typer.Option(help="Only this target.", show_default=False)] = None
    rule: Annotated[list[str] | None, typer.Option(help="Tell of this rule only; may be given again.", show_default=False)] = None
    folder: Annotated[
        Path | None, typer.Option("--from", help="A folder of recorded readings; the agent's own by default.", show_default=False)
    ] = None
    prometheus: Annotated[_Text, typer.Option(help="Ask the Prometheus at this address instead.", show_default=False)] = None
    step: Annotated[
        _Text,
        typer.Option(help="Time between two values from Prometheus; the collector's interval by default.", show_default=False),
    ] = None
    token_file: Annotated[
        Path | None, typer.Option(help=f"File with a bearer token for Prometheus; or set {TOKEN_VARIABLE}.", show_default=False)
    ] = None
    compare: Annotated[bool, typer.Option("--compare", help="Compare with what the agent's present rules would have done.")] = False
    config: ConfigOption = None
    json: JsonOption = False


@dataclass(frozen=True, slots=True)
class _Bench:
    """What rules are put to."""

    wanted: Wanted
    settings: Settings
    schemas: Schemas
    remediations: Catalogue
    since: datetime
    until: datetime

    def load(self, paths: Iterable[Path]) -> RuleSet:
        return loading.load(paths, self.schemas, self.remediations)

    def events(self, rules: RuleSet) -> Iterator[Event]:
        """Give what was, from the record or from a Prometheus."""
        if self.wanted.prometheus is None:
            folder = self.wanted.folder or self.settings.readings_directory
            return recorded.events(folder, self.since, self.until, [self.wanted.target] if self.wanted.target else ())
        named = {rule.on for rule in rules.rules} | {join.on for rule in rules.rules for join in rule.joins}
        known = [schema for name, schema in self.schemas.items() if name in named]
        return _events_of_prometheus(self.wanted, self, known)


def backtest(wanted: Wanted) -> None:
    """Put rules to recorded readings: what would have fired, asked for a remediation, and been withheld.

    The agent's own engine lives through the record once more, on a clock of its own. Nothing is changed, asked or announced.
    """
    bench = _bench(wanted)
    names = sorted({*library.installed()})
    present = library.rule_paths(bench.settings, names)
    rules = bench.load(wanted.rules or present)
    _check_names(wanted.rule or (), rules)
    after = _lived(bench, rules, "living through it")
    before = _lived(bench, bench.load(present), "and with the present rules") if wanted.compare else None
    backtest_report.tell(after, before, json=wanted.json)


def _bench(wanted: Wanted) -> _Bench:
    settings = settings_if_any(wanted.config)
    names = sorted({*library.installed(), *(target.provider for target in settings.targets)})
    known = schemas.of_providers(providers.discover(names).values())
    until = _moment(wanted.until, "--until") if wanted.until else SystemClock().now()
    since = _moment(wanted.since, "--since") if wanted.since else until - _span(wanted.last, "--last")
    if since >= until:
        raise UserError("the time to look at ends before it begins", hint="Give --since before --until.")
    return _Bench(wanted, settings, known, library.remediations(settings), since, until)


def _lived(bench: _Bench, rules: RuleSet, words: str) -> Found:
    """Live through everything once, and give what came of it."""
    tally = Tally(rules, PretendedRuns(bench.remediations, enabled=bench.settings.runs.enabled))
    life = Replay(rules, Renderer(content.folder("templates")), _silencing(bench))
    samples = readings = 0
    with _progress(bench, words) as advance:
        for moment in life.otherwise(bench.events(rules)):
            tally.take(moment)
            if isinstance(moment.event, Observed) and moment.at >= bench.since:
                samples += moment.event.poll.reading.size
                readings += 1
            advance(moment.at)
    return summary.found(tally, Span(bench.since, bench.until, samples, readings), bench.wanted.rule or ())


def _silencing(bench: _Bench) -> Silencing:
    """Give the maintenance windows of the configuration, and the silences that the agent's state knows, if there is one."""
    kept: Sequence[Silence] = ()
    if (bench.settings.state_dir / AUDIT_KEY).exists():
        kept = with_store(bench.wanted.config, lambda store: store.silences.list())
    return silencing.silencing(kept, maintenance.of_settings(bench.settings.maintenance))


class _Advance:
    """Moves a bar as virtual time goes on."""

    def __init__(self, bench: _Bench, bar: Progress, words: str) -> None:
        self._bench, self._bar = bench, bar
        self._task = bar.add_task(words, total=(bench.until - bench.since).total_seconds())
        self._shown = 0.0

    def __call__(self, at: datetime) -> None:
        done = (at - self._bench.since).total_seconds()
        if done > self._shown + 1:
            self._shown = done
            self._bar.update(self._task, completed=done)


@contextmanager
def _progress(bench: _Bench, words: str) -> Iterator[_Advance]:
    """Show a bar on a terminal; nothing anywhere else."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not sys.stderr.isatty() or bench.wanted.json, transient=True) as bar:
        yield _Advance(bench, bar, words)


def _events_of_prometheus(wanted: Wanted, bench: _Bench, known: Iterable[KnownSchema]) -> Iterator[Event]:
    from mendwatch.service import prometheus_readings  # noqa: PLC0415 - an HTTP client that no other command of rules needs

    server = prometheus_readings.Server(
        wanted.prometheus or "",
        _token(wanted.token_file),
        bench.since,
        bench.until,
        label=bench.settings.instance_label_name or "",
        step=_span(wanted.step, "--step") if wanted.step else None,
        target=wanted.target or "",
    )
    return prometheus_readings.events(server, list(known))


def _token(file: Path | None) -> Secret | None:
    if file is None:
        found = os.environ.get(TOKEN_VARIABLE)
        return Secret(found) if found else None
    try:
        return Secret(file.read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError) as problem:
        raise UserError(f"{file} cannot be read as a token", hint="It holds the token and nothing else.") from problem


def _moment(text: str, option: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise UserError(f"{option}: {text!r} is no time", hint="Write it such as 2026-01-15T12:00:00Z.") from problem
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _span(text: str, option: str) -> timedelta:
    try:
        found = parse_duration(text)
    except ValueError as problem:
        raise UserError(f"{option}: {problem}", hint="Write it such as 90s, 24h or 7d.") from problem
    if found <= timedelta(0):
        raise UserError(f"{option}: {text} is no time at all", hint="Write it such as 90s, 24h or 7d.")
    return found


def _check_names(names: Iterable[str], rules: RuleSet) -> None:
    known = [rule.alert for rule in rules.rules]
    for name in names:
        if name not in known:
            meant = nearest(name, known)
            raise UserError(
                f"there is no rule {name!r}", hint=f"Did you mean {meant!r}?" if meant else "See `mendwatch rules check`."
            )
