"""Adds a target in four steps: ask what is missing, look at the address, try the login, write.

Bad input loses nothing: the configuration is replaced in one move, and only after the target has answered.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer
import yaml

from mendwatch.cli import output
from mendwatch.config import documents, editing, loading
from mendwatch.config.settings import Settings, TargetSettings
from mendwatch.errors import ConfigurationError, UserError
from mendwatch.model.targets import Credential, Identity, Secret
from mendwatch.polling import providers
from mendwatch.polling.watches import watch
from mendwatch.provider import Examiner, Provider
from mendwatch.service import library

_OPTION = "options."


@dataclass(frozen=True, slots=True)
class Given:
    """What the arguments said; None is asked for. `settings` are `name=value`: username, password_file, options.<name>."""

    name: str | None
    provider: str | None
    address: str | None
    settings: tuple[str, ...]

    def setting(self, name: str) -> str | None:
        """Give the value of one setting, or None."""
        return dict(map(_split, self.settings)).get(name)

    def options(self) -> dict[str, Any]:
        """Give the provider's options, read as YAML would.

        Raises:
            UserError: a setting is none of those that can be given.
        """
        found = {}
        for name, value in map(_split, self.settings):
            if name.startswith(_OPTION):
                found[name.removeprefix(_OPTION)] = yaml.safe_load(value)
            elif name not in {"username", "password_file"}:
                raise UserError(f"there is no setting {name!r}", hint="There are username, password_file and options.<name>.")
        return found


@dataclass(frozen=True, slots=True)
class Manner:
    """Whether a person is asked, and whether anything is written."""

    ask: bool
    dry_run: bool


@dataclass(frozen=True, slots=True)
class _Draft:
    """The stanza as it will be written, and a typed password that goes to a file of its own."""

    stanza: Mapping[str, Any]
    password: str | None = None
    password_file: Path | None = None


async def add(path: Path, given: Given, manner: Manner) -> None:
    """Add one target to the configuration at `path`.

    Raises:
        UserError: an answer is missing or wrong; nothing was written.
        TargetError: the target does not answer, or refuses the login; nothing was written.
    """
    loaded = loading.load(path)
    draft, provider = _drafted(path, loaded, given, manner)
    draft = await _looked_at(draft, provider, path.parent, manner)
    identity = await _tried(draft, provider, path)
    output.line(f"{draft.stanza['name']} answers: {identity.name}, {identity.product} {identity.version}".rstrip())
    changed = _changed(path, draft)
    if manner.dry_run:
        output.line(yaml.safe_dump([dict(draft.stanza)], sort_keys=False, allow_unicode=True).rstrip())
        output.line("nothing was written (--dry-run)")
        return
    _write(path, changed, draft)
    output.line(f"added to {path}; restart the agent to watch it")


def _changed(path: Path, draft: _Draft) -> str:
    return editing.with_target(path.read_text("utf-8"), str(path), draft.stanza)


def _drafted(path: Path, loaded: Settings, given: Given, manner: Manner) -> tuple[_Draft, Provider]:
    name = _answer("Name of the target", given.name, "--name", manner)
    if name in {target.name for target in loaded.targets}:
        raise UserError(f"there is a target {name!r} already", hint="Choose another name.")
    kind = _answer(f"Provider ({', '.join(library.installed())})", given.provider, "--provider", manner)
    found = providers.discover({kind})
    if kind not in found:
        raise ConfigurationError(f"provider {kind} is unavailable: {found.unavailable[kind]}")
    address = _answer("Address", given.address, "--address", manner)
    draft = _Draft({"name": name, "provider": kind, "address": address})
    options = given.options()
    if options:
        draft = replace(draft, stanza={**draft.stanza, "options": options})
    if found[kind].needs_credential or given.setting("username"):
        draft = _with_account(draft, path.parent, given, manner)
    return draft, found[kind]


def _with_account(draft: _Draft, folder: Path, given: Given, manner: Manner) -> _Draft:
    username = _answer("User name of the account that reads", given.setting("username"), "--set username=", manner)
    named, typed = given.setting("password_file"), None
    file = Path(named) if named is not None else None
    if file is None:
        if not manner.ask or not sys.stdin.isatty():
            raise UserError("no password", hint="Name a file that holds it with --set password_file=FILE.")
        typed = typer.prompt("Its password", hide_input=True, err=True)
        file = folder / f"{draft.stanza['name']}.password"
        if file.exists():
            raise UserError(f"{file} exists already", hint="Use it with --set password_file=, or move it away.")
    account = {"username": username, "password": f"file:{file}"}
    return _Draft({**draft.stanza, "credentials": {"read": account}}, typed, file if typed is not None else None)


async def _looked_at(draft: _Draft, provider: Provider, folder: Path, manner: Manner) -> _Draft:
    """Ask the provider what a person should decide first, such as whether to trust a certificate."""
    if not isinstance(provider, Examiner):
        return draft
    target = watch(_settings({**draft.stanza, "credentials": _NOBODY}), provider, folder).target
    for suggestion in await provider.suggest(target):
        accepted = not manner.ask or typer.confirm(suggestion.question, err=True)
        if manner.ask and not accepted:
            raise UserError(
                "not accepted; nothing was written", hint=f"Set the option {suggestion.option} by hand if you know better."
            )
        output.line(f"{suggestion.option}: {suggestion.value}")
        draft = replace(
            draft, stanza={**draft.stanza, "options": {**draft.stanza.get("options", {}), suggestion.option: suggestion.value}}
        )
    return draft


#: An account that is never used, where only the stanza's shape matters.
_NOBODY = {"read": {"username": "nobody", "password": "nothing"}}


async def _tried(draft: _Draft, provider: Provider, path: Path) -> Identity:
    """Log in once and ask the target what it is."""
    watched = watch(_settings(draft.stanza), provider, path.parent)
    session = provider.open(watched.target, _credential(draft) or watched.credential())
    try:
        return await session.identify()
    finally:
        await session.close()


def _credential(draft: _Draft) -> Credential | None:
    """Give the account with the password that was typed, which no file holds yet."""
    if draft.password is None:
        return None
    return Credential(draft.stanza["credentials"]["read"]["username"], Secret(draft.password))


def _settings(stanza: Mapping[str, Any]) -> TargetSettings:
    text = yaml.safe_dump(dict(stanza), sort_keys=False)
    return documents.validate(documents.parse(text, "the new target", ConfigurationError), TargetSettings, ConfigurationError)


def _write(path: Path, text: str, draft: _Draft) -> None:
    """Write the password first, so that the configuration never names a file that is not there."""
    try:
        if draft.password is not None and draft.password_file is not None:
            _new(draft.password_file, f"{draft.password}\n", 0o600)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        _new(beside, text, path.stat().st_mode & 0o777)
        beside.replace(path)
    except OSError as problem:
        raise UserError(
            f"{problem.filename} cannot be written: {problem.strerror}", hint="Check the folder's permissions."
        ) from problem


def _new(path: Path, text: str, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)


def _answer(question: str, given: str | None, option: str, manner: Manner) -> str:
    if given is not None:
        return given
    if not manner.ask or not sys.stdin.isatty():
        raise UserError(f"{option} is missing", hint="Give it, or call the command on a terminal to be asked.")
    return str(typer.prompt(question, err=True)).strip()


def _split(setting: str) -> tuple[str, str]:
    name, found, value = setting.partition("=")
    if not found:
        raise UserError(f"{setting!r} is no setting", hint="Write name=value, such as options.timeout=5.")
    return name.strip(), value
