"""`mendwatch doctor`: why something does not work, target by target, with the lines to type."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from mendwatch.cli import output
from mendwatch.cli.agent_page import Unseen, get
from mendwatch.cli.context import ConfigOption, JsonOption, Wanting, named
from mendwatch.config import loading, secrets
from mendwatch.config.settings import Settings
from mendwatch.errors import MendwatchError
from mendwatch.model.text import count
from mendwatch.provider import Check, Grade
from mendwatch.service import bundle, examination, library
from mendwatch.service.targets import watches

TargetsArgument = Annotated[
    list[str] | None, typer.Argument(help="Targets to examine; all of them without any.", show_default=False)
]
BundleOption = Annotated[
    Path | None,
    typer.Option("--bundle", help="Also write an archive for whoever helps you; secrets are taken out.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    targets: TargetsArgument = None, config: ConfigOption = None, bundle_file: BundleOption = None, *, json: JsonOption = False
) -> None:
    """Examine this machine's side and every target: names, addresses, TLS, clocks, login, privileges, licences.

    Changes nothing. Exit 1 if a check fails.
    """
    site = _load(config, targets or [])
    if bundle_file is not None:
        bundle.check(bundle_file)
    found = asyncio.run(_examined(site, quiet=json))
    if bundle_file is not None:
        bundle.write(bundle_file, asyncio.run(_files(site, found)), _secrets(site))
    if json:
        output.as_json(found)
    else:
        _summary(found, bundle_file)
    failed = sum(item.check.grade is Grade.FAILED for item in found)
    if failed and not json:
        raise Wanting(f"{count(failed, 'check')} failed", hint="Each one above says what to do.")
    if failed:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Found:
    """One check and whose it is; `agent` is this machine's side."""

    subject: str
    check: Check


@dataclass(frozen=True, slots=True)
class _Site:
    """What was loaded, and which targets are asked for."""

    path: Path
    settings: Settings
    library: library.Library
    chosen: frozenset[str]


def _load(config: Path | None, targets: list[str]) -> _Site:
    path = loading.find(config)
    loaded = loading.load(path)
    chosen = [named(loaded, name).name for name in targets] or [target.name for target in loaded.targets]
    return _Site(path, loaded, library.load(loaded), frozenset(chosen))


async def _examined(site: _Site, *, quiet: bool) -> list[Found]:
    found = []
    async for item in _checks(site):
        found.append(item)
        if not quiet:
            _print(item, first=len(found) == 1 or found[-2].subject != item.subject)
    return found


async def _checks(site: _Site) -> AsyncIterator[Found]:
    for check in examination.local(site.settings, site.library):
        yield Found("agent", check)
    stanzas = {stanza.name: stanza for stanza in site.settings.targets}
    for watch in watches(site.settings, site.library.providers, site.path.parent):
        if watch.target.id in site.chosen:
            async for check in examination.target(watch, stanzas[watch.target.id], site.library, site.path.parent):
                yield Found(watch.target.id, check)


def _print(item: Found, *, first: bool) -> None:
    if first:
        output.line(item.subject)
    output.graded(item.check.grade.value, f"{item.check.name}: {item.check.detail}")
    if item.check.hint and item.check.grade is not Grade.OK:
        output.line(f"            {item.check.hint}")
    for line in item.check.lines:
        output.line(f"              {line}")


def _summary(found: list[Found], bundle_file: Path | None) -> None:
    grades = [item.check.grade for item in found]
    words = ", ".join(f"{grades.count(grade)} {grade.value}" for grade in Grade if grade in grades)
    output.line(f"{count(len(found), 'check')}: {words}")
    if bundle_file is not None:
        output.line(f"bundle: {bundle_file}; look into it before you send it")


async def _files(site: _Site, found: list[Found]) -> dict[str, Any]:
    pages = {name: await get(site.settings, path) for name, path in (("metrics.txt", "/metrics"), ("ready.json", "/-/ready"))}
    return {
        "checks.json": [asdict(item) for item in found],
        "configuration.yaml": bundle.redacted(yaml.safe_load(site.path.read_text("utf-8"))),
        "versions.txt": bundle.versions(),
        **{name: f"not shown: {page.value}\n" if isinstance(page, Unseen) else page for name, page in pages.items()},
    }


def _secrets(site: _Site) -> list[str]:
    """Give every secret that the configuration leads to, and every part of one; what cannot be read cannot leak either."""
    credentials = [target.credentials for target in site.settings.targets]
    references = [account.password for tiers in credentials for account in (tiers.read, tiers.write) if account is not None]
    parts = [part for reference in references for part in (reference, *secrets.variables(reference))]
    return [secret for part in parts if (secret := _secret(part, site.path.parent))]


def _secret(reference: str, folder: Path) -> str | None:
    try:
        return secrets.resolve(reference, folder).reveal()
    except MendwatchError:
        return None
