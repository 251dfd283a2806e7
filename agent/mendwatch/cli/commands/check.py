"""`mendwatch check`: everything that the agent would read at its start, without starting anything."""

from __future__ import annotations

import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, settings
from mendwatch.service import library
from mendwatch.service.targets import watches


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Check the configuration, its secrets, the rules and the remediations; asks no target anything."""
    loaded, folder = settings(config)
    found = library.load(loaded)
    built = watches(loaded, found.providers, folder)
    for watch in built:
        watch.credential()  # a secret that cannot be read is found now, not at night
    found.catalogue.raise_faults()
    summary = {
        "targets": [watch.target.id for watch in built],
        "unavailable_providers": dict(found.providers.unavailable),
        "rules": [rule.alert for rule in found.rules.rules],
        "remediations": list(found.catalogue),
    }
    if json:
        output.as_json(summary)
        return
    for name, reason in found.providers.unavailable.items():
        output.line(f"provider {name} is unavailable: {reason}")
    output.line(f"{len(built)} targets, {len(summary['rules'])} rules, {len(summary['remediations'])} remediations: no faults")
