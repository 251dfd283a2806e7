"""What `mendwatch doctor` looks at: this machine's side of the agent, then every target through its provider.

It changes nothing and logs in once for each target and tier. It knows no provider: who can examine says so by the contract.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from mendwatch.alerting.ruleset import RuleSet
from mendwatch.config import loading
from mendwatch.config.settings import Settings, TargetSettings
from mendwatch.errors import MendwatchError
from mendwatch.model.remediations import Remediation
from mendwatch.polling.watches import Watch
from mendwatch.provider import Check, Examiner, Grade, Need
from mendwatch.remediation.catalogue import Catalogue
from mendwatch.service.library import Library

#: File systems that live in memory, where a run's secrets never reach a disk.
_IN_MEMORY = {"tmpfs", "ramfs"}
_MOUNTS = Path("/proc/self/mounts")


def needs(watch: Watch, rules: RuleSet, catalogue: Catalogue) -> tuple[Need, ...]:
    """Give every privilege that a target's collectors and the remediations of the loaded rules ask for, and who asks."""
    reading = [Need(f"collector {probe.spec.name}", name) for probe in watch.probes for name in probe.spec.privileges]
    named = {rule.remediate.remediation for rule in rules.rules if rule.remediate is not None}
    used = [one for name, one in sorted(catalogue.items()) if name in named and one.provider == watch.provider.name]
    return (*reading, *(need for one in used for need in _writing(one)))


def _writing(remediation: Remediation) -> Iterator[Need]:
    """Read `NAME (read, write)`, as the metadata of a remediation says it; without the brackets both are meant."""
    for text in remediation.requires_privileges:
        name, _, rights = text.partition(" ")
        yield Need(f"remediation {remediation.id}", name, write="write" in rights or not rights, tier="write")


def local(settings: Settings, library: Library) -> Iterator[Check]:
    """Check this machine's side: folders, content, providers."""
    yield _state_folder(settings.state_dir)
    yield _run_folder(settings.run_directory)
    for name, reason in library.providers.unavailable.items():
        yield Check(f"provider {name}", Grade.FAILED, reason, "Install what the reason names.")
    yield Check("rules", Grade.OK, f"{len(library.rules.rules)} loaded, no faults")
    yield from _remediations(library.catalogue)


def _state_folder(folder: Path) -> Check:
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except FileNotFoundError:
        return Check("state folder", Grade.SKIPPED, f"{folder} is made at the first start")
    except OSError as problem:
        hint = "Run the doctor as the agent's own user."
        return Check("state folder", Grade.FAILED, f"{folder} cannot be looked at: {problem.strerror}", hint)
    if mode & 0o077:
        hint = "Whoever can write there can approve: chmod 0700 it."
        line = f"chmod 0700 {shlex.quote(str(folder))}"
        return Check("state folder", Grade.FAILED, f"{folder} is open to others (mode {mode:04o})", hint, (line,))
    return Check("state folder", Grade.OK, f"{folder}, mode {mode:04o}")


def _run_folder(folder: Path) -> Check:
    there = next(candidate for candidate in (folder, *folder.parents) if os.access(candidate, os.F_OK))
    if _file_system(there) in _IN_MEMORY:
        return Check("run directory", Grade.OK, f"{folder} is in memory: what a run holds reaches no disk")
    hint = "Leave runs.directory out, or name a folder on tmpfs."
    return Check("run directory", Grade.WARNING, f"{folder} is on a disk", hint)


def _file_system(folder: Path) -> str:
    """Give the type of the file system that holds a folder, by the longest mount point that is above it."""
    try:
        mounts = [line.split()[1:3] for line in _MOUNTS.read_text("utf-8").splitlines()]
    except OSError:
        return "unknown"
    above = [(point, kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return max(above, key=lambda mount: len(mount[0]), default=("", "unknown"))[1]


def _remediations(catalogue: Catalogue) -> Iterator[Check]:
    missing = {name: one.unavailable for name, one in catalogue.items() if one.unavailable}
    for name, reason in missing.items():
        yield Check(f"remediation {name}", Grade.WARNING, str(reason), "Install what it names, or ignore it if you do not use it.")
    try:
        catalogue.raise_faults()
    except MendwatchError as problem:
        yield Check("remediations", Grade.FAILED, str(problem), problem.hint)
    else:
        yield Check("remediations", Grade.OK, f"{len(catalogue) - len(missing)} can be used")


async def target(watch: Watch, stanza: TargetSettings, library: Library, folder: Path) -> AsyncIterator[Check]:
    """Examine one target; a secret that cannot be read is a failed check, and the rest is looked at without it."""
    accounts = {}
    for tier, account in (("read", stanza.credentials.read), ("write", stanza.credentials.write)):
        try:
            accounts[tier] = loading.credential_of(account, folder)
        except MendwatchError as problem:
            accounts[tier] = None
            yield Check(f"{tier} credential", Grade.FAILED, str(problem), problem.hint)
    provider = watch.provider
    if not isinstance(provider, Examiner):
        yield Check("examination", Grade.SKIPPED, f"provider {provider.name} offers none")
        return
    wanted = needs(watch, library.rules, library.catalogue)
    try:
        async for check in provider.examine(watch.target, accounts["read"], accounts["write"], wanted):
            yield check
    except MendwatchError as problem:
        yield Check("examination", Grade.FAILED, str(problem), problem.hint)
    except Exception as problem:  # noqa: BLE001 - a provider may raise anything, and the other targets are still to be looked at
        detail = f"provider {provider.name} failed: {type(problem).__name__}: {problem}"
        yield Check("examination", Grade.FAILED, detail, "This is a fault of the provider: report it.")
