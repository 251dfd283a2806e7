"""`mendwatch gym`: one incident after the other on a pretended cluster, and whether each is noticed and mended as it must be."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from mendwatch.cli import output
from mendwatch.cli.context import JsonOption
from mendwatch.errors import UserError
from mendwatch.service import logs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mendwatch.cli.gym.verdict import Report
    from mendwatch.provider import Drill, Gym

#: A run may take so many times as long as the alerts: on a cluster with a node that hangs, every poll is slow.
_LONGER = 4
_COLUMNS = ("INCIDENT", "DETECTED", "ALERTS", "PLAN", "VERIFIED", "EVENTS", "AS IT SHOULD BE")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("gym")(gym)


def gym(
    incidents: Annotated[list[str] | None, typer.Argument(help="The incidents; all where none is named.")] = None,
    provider: Annotated[str, typer.Option(help="Whose incidents.")] = "onefs",
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds that the alerts may take to come, and to end; a run has four times as long.")
    ] = 90.0,
    *,
    json: JsonOption = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the agents' own log too.")] = False,
) -> None:
    """Let incidents happen on a pretended cluster, each on a fresh one with an agent of its own, and judge what comes of it.

    The gym approves the one remediation that an incident is about, for its own agent only. The exit code is 0 only if each incident
    raised its alerts and no others, was planned, verified and settled as it must be, and nothing else on the cluster changed.
    """
    logs.configure("text", verbose=verbose, quiet=not verbose)
    from mendwatch.cli.gym.stage import gym_of  # noqa: PLC0415 - half a second of imports that no other command needs

    hall = gym_of(provider)
    reports = asyncio.run(_hold(hall, _chosen(hall, incidents), provider, patience))
    if json:
        output.as_json([{**asdict(report), "passed": report.passed} for report in reports])
    else:
        _print(reports)
    if not all(report.passed for report in reports):
        raise typer.Exit(1)


def _chosen(hall: Gym, names: list[str] | None) -> Sequence[Drill]:
    drills = {drill.name: drill for drill in hall.drills()}
    unknown = sorted(set(names or ()) - drills.keys())
    if unknown:
        raise UserError(f"there is no incident {unknown[0]!r}", hint=f"There are: {', '.join(drills)}.")
    return [drills[name] for name in names] if names else list(drills.values())


async def _hold(hall: Gym, drills: Sequence[Drill], provider: str, patience: float) -> list[Report]:
    from mendwatch.cli.gym.drilling import Patience, hold  # noqa: PLC0415 - as above

    limits, reports = Patience(patience, _LONGER * patience, patience), []
    for number, drill in enumerate(drills, start=1):
        place = f"{number}/{len(drills)} {drill.name}: "
        reports.append(await hold(hall, drill, provider, limits, partial(_progress, place)))
    _progress("", "")
    return reports


def _progress(place: str, text: str) -> None:
    """Write over the last line, where a person looks on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{place}{text}")
        sys.stderr.flush()


def _print(reports: Sequence[Report]) -> None:
    rows = (
        (
            report.incident,
            _seconds(report.detected),
            ", ".join(report.alerts) or "-",
            report.plan or "-",
            _seconds(report.verified),
            report.events or "-",
            "yes" if report.passed else "; ".join(report.faults),
        )
        for report in reports
    )
    output.table(_COLUMNS, rows, empty="nothing was held")
    good = sum(report.passed for report in reports)
    runs = [report for report in reports if report.verified is not None]
    output.line(
        f"\n{good} of {len(reports)} incidents as they should be; {len(runs)} mended and verified; "
        f"{sum(report.seconds for report in reports):.0f} s"
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
