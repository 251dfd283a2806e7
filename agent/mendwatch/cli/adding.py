"""Adds a target in four steps: ask what is missing, look at the address, try the login, write.

Bad input loses nothing: the configuration is replaced in one move, and only after the target has answered. A person is asked
outside of any event loop: inside one, the first Ctrl-C would go unheard.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer
import yaml

from mendwatch.cli import output, saving
from mendwatch.cli.saving import PasswordFile
from mendwatch.config import documents, editing, loading
from mendwatch.config.settings import Settings, TargetSettings
from mendwatch.errors import ConfigurationError, UserError
from mendwatch.model.targets import Credential, Identity, Secret
from mendwatch.polling import providers
from mendwatch.polling.watches import watch
from mendwatch.provider import Examiner, Provider, Suggestion
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
        """Give the provider's options, each read as in the configuration; `options.a.b` is `b` below `a`.

        Raises:
            UserError: a setting is none of those that can be given, or its value cannot be read.
        """
        found: dict[str, Any] = {}
        for name, value in map(_split, self.settings):
            if name.startswith(_OPTION):
                _put(found, name, documents.parse(value, f"--set {name}", UserError).data)
            elif name not in {"username", "password_file"}:
                raise UserError(f"there is no setting {name!r}", hint="There are username, password_file and options.<name>.")
        return found


@dataclass(frozen=True, slots=True)
class Manner:
    """Whether a person is asked, and whether anything is written."""

    ask: bool
    dry_run: bool

    @property
    def can_ask(self) -> bool:
        """Whether there is somebody to ask."""
        return self.ask and sys.stdin is not None and sys.stdin.isatty()


@dataclass(frozen=True, slots=True)
class _Draft:
    """The stanza as it will be written, and the file of its own that a typed password goes to."""

    stanza: Mapping[str, Any]
    password: PasswordFile | None = None

    def with_option(self, name: str, value: object) -> _Draft:
        return replace(self, stanza={**self.stanza, "options": {**self.stanza.get("options", {}), name: value}})


def add(path: Path, given: Given, manner: Manner) -> None:
    """Add one target to the configuration at `path`.

    Raises:
        UserError: an answer is missing or wrong; nothing was written.
        TargetError: the target does not answer, or refuses the login; nothing was written.
    """
    draft, provider = _drafted(path, loading.load(path), given, manner)
    draft = _decided(draft, provider, path.parent, manner)
    identity = asyncio.run(_tried(draft, provider, path))
    output.line(f"{draft.stanza['name']} answers: {identity.name}, {identity.product} {identity.version}".rstrip())
    if manner.dry_run:
        _changed(saving.text_of(path), path, draft)
        output.line(yaml.safe_dump([dict(draft.stanza)], sort_keys=False, allow_unicode=True).rstrip())
        output.line("nothing was written (--dry-run)")
        return
    saving.save(path, lambda text: _changed(text, path, draft), draft.password)
    output.line(f"added to {path}; restart the agent to watch it")


def _changed(text: str, path: Path, draft: _Draft) -> str:
    """Give the new text, read once as the agent will: somebody else may have added a target meanwhile."""
    changed = editing.with_target(text, str(path), draft.stanza)
    documents.validate(documents.parse(changed, str(path), ConfigurationError), Settings, ConfigurationError)
    return changed


def _drafted(path: Path, loaded: Settings, given: Given, manner: Manner) -> tuple[_Draft, Provider]:
    name = _answer("Name of the target", given.name, "NAME", manner)
    if name in {target.name for target in loaded.targets}:
        raise UserError(f"there is a target {name!r} already", hint="Choose another name.")
    kind = _answer(f"Provider ({', '.join(library.installed())})", given.provider, "--provider", manner)
    found = providers.discover({kind})
    if kind not in found:
        raise ConfigurationError(f"provider {kind} is unavailable: {found.unavailable[kind]}")
    address = _answer("Address", given.address, "--address", manner)
    draft = _Draft({"name": name, "provider": kind, "address": address})
    _settings(draft.stanza)  # what is wrong with these is told before anything else is asked
    options = given.options()
    if options:
        draft = replace(draft, stanza={**draft.stanza, "options": options})
    if found[kind].needs_credential or given.setting("username"):
        draft = _with_account(draft, path.parent, given, manner)
    return draft, found[kind]


def _with_account(draft: _Draft, folder: Path, given: Given, manner: Manner) -> _Draft:
    username = _answer("User name of the account that reads", given.setting("username"), "--set username=", manner)
    named = given.setting("password_file")
    if named is not None:
        return _Draft({**draft.stanza, "credentials": {"read": {"username": username, "password": f"file:{named}"}}})
    if not manner.can_ask:
        raise UserError("no password", hint="Name a file that holds it with --set password_file=FILE.")
    file = folder / f"{draft.stanza['name']}.password"
    if file.exists():
        raise UserError(f"{file} exists already", hint="Use it with --set password_file=, or move it away.")
    typed = str(typer.prompt("Its password", hide_input=True, err=True))
    account = {"username": username, "password": f"file:{file}"}
    return _Draft({**draft.stanza, "credentials": {"read": account}}, PasswordFile(file, typed))


def _decided(draft: _Draft, provider: Provider, folder: Path, manner: Manner) -> _Draft:
    """Let a person decide what must be decided before the first login, such as whether to trust a certificate."""
    if not isinstance(provider, Examiner):
        return draft
    target = watch(_settings({**draft.stanza, "credentials": _NOBODY}), provider, folder).target
    for suggestion in asyncio.run(_suggestions(provider, target)):
        _accept(suggestion, manner)
        draft = draft.with_option(suggestion.option, suggestion.value)
    return draft


async def _suggestions(provider: Examiner, target: Any) -> list[Suggestion]:  # noqa: ANN401 - the contract's Target
    return list(await provider.suggest(target))


def _accept(suggestion: Suggestion, manner: Manner) -> None:
    """Have a person accept a suggestion; where --yes does, say plainly what nobody has looked at.

    Raises:
        UserError: it is not accepted, or nobody can be asked.
    """
    hint = f"Set the option {suggestion.option} by hand if you know better, or accept this one unseen with --yes."
    if not manner.ask:
        output.line(f"{suggestion.question}\nAccepted without a look (--yes): {suggestion.option}: {suggestion.value}")
    elif not manner.can_ask:
        raise UserError(f"this must be decided first: {suggestion.question}", hint=hint)
    elif not typer.confirm(suggestion.question, err=True):
        raise UserError("not accepted; nothing was written", hint=hint)
    else:
        output.line(f"{suggestion.option}: {suggestion.value}")


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
    return Credential(draft.stanza["credentials"]["read"]["username"], Secret(draft.password.password))


def _settings(stanza: Mapping[str, Any]) -> TargetSettings:
    text = yaml.safe_dump(dict(stanza), sort_keys=False)
    return documents.validate(documents.parse(text, "the new target", ConfigurationError), TargetSettings, ConfigurationError)


def _answer(question: str, given: str | None, option: str, manner: Manner) -> str:
    if given is not None:
        return given
    if not manner.can_ask:
        raise UserError(f"{option} is missing", hint="Give it, or call the command on a terminal to be asked.")
    return str(typer.prompt(question, err=True)).strip()


def _split(setting: str) -> tuple[str, str]:
    name, found, value = setting.partition("=")
    if not found:
        raise UserError(f"{setting!r} is no setting", hint="Write name=value, such as options.timeout=5.")
    return name.strip(), value


def _put(options: dict[str, Any], name: str, value: object) -> None:
    """Put a value below the names that its own consists of."""
    *above, last = name.removeprefix(_OPTION).split(".")
    for part in above:
        options = options.setdefault(part, {})
        if not isinstance(options, dict):
            raise UserError(f"{name} is below an option that has a value of its own", hint="Give one of both.")
    options[last] = value
