"""`mendwatch check`: everything that the agent would read at its start, without starting anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, judging
from mendwatch.config import loading, secrets
from mendwatch.config.settings import Settings
from mendwatch.errors import ConfigurationError, ContentError
from mendwatch.model.text import count
from mendwatch.service import library
from mendwatch.service.targets import watches


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """Check the configuration, its secrets, the rules and the remediations; asks no target anything and writes nothing.

    Exit 1 if anything of them has a fault; 2 if there is no configuration.
    """
    path = loading.find(config)
    with judging(ConfigurationError, ContentError):
        summary = _read_all(path)
    if json:
        output.as_json(summary)
        return
    for name, reason in summary.unavailable_providers.items():
        output.line(f"provider {name} is unavailable: {reason}")
    for warning in summary.warnings:
        output.line(f"warning: {warning}")
    counts = ((summary.targets, "target"), (summary.rules, "rule"), (summary.remediations, "remediation"))
    output.line(f"{', '.join(count(len(found), noun) for found, noun in counts)}: no faults")


@dataclass(frozen=True, slots=True)
class Summary:
    """What the agent would work with, by name."""

    targets: list[str]
    unavailable_providers: dict[str, str]
    rules: list[str]
    remediations: list[str]
    warnings: list[str]


def _read_all(path: Path) -> Summary:
    loaded = loading.load(path)
    _look_at_state(loaded.state_dir)
    found = library.load(loaded)
    built = watches(loaded, found.providers, path.parent)
    for watch in built:
        watch.credential()  # a secret that cannot be read is found now, not at night
    found.catalogue.raise_faults()
    return Summary(
        targets=[watch.target.id for watch in built],
        unavailable_providers=dict(found.providers.unavailable),
        rules=[rule.alert for rule in found.rules.rules],
        remediations=list(found.catalogue),
        warnings=list(_warnings(loaded)),
    )


def _look_at_state(folder: Path) -> None:
    """Tell whether the state folder is there or can be made, without making it.

    Raises:
        ConfigurationError: it cannot be used.
    """
    there = next(candidate for candidate in (folder, *folder.parents) if os.access(candidate, os.F_OK))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        what = "is no folder" if not there.is_dir() else "cannot be written"
        raise ConfigurationError(f"the state folder {folder} cannot be used: {there} {what}", hint="Correct `state_dir`.")


def _warnings(loaded: Settings) -> Iterator[str]:
    if not loaded.targets:
        yield "nothing is watched: no targets"
    if loaded.state_password is not None and not secrets.is_reference(loaded.state_password):
        yield "the state's password is written in the configuration; keep that file secret"
    for target in loaded.targets:
        for tier, account in (("read", target.credentials.read), ("write", target.credentials.write)):
            if account is not None and not secrets.is_reference(account.password):
                yield f"{target.name}: the {tier} account's password is written in the configuration; keep that file secret"
