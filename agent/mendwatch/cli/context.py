"""What most commands need first: the configuration, and the state database beside a running agent."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from mendwatch.config import loading
from mendwatch.config.documents import nearest
from mendwatch.config.settings import Settings, TargetSettings
from mendwatch.errors import ConfigurationError, MendwatchError, UserError
from mendwatch.model.principals import Permission, Principal
from mendwatch.store.interface import Store

T = TypeVar("T")

#: The option that names the configuration file.
ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="Configuration file.", envvar="MENDWATCH_CONFIG", show_default=False)
]
#: The option that asks for JSON.
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


def settings(config: Path | None) -> tuple[Settings, Path]:
    """Load the configuration and give it with its folder.

    Raises:
        ConfigurationError: there is none, or it is wrong.
    """
    path = loading.find(config)
    return loading.load(path), path.parent


def named(loaded: Settings, name: str) -> TargetSettings:
    """Give the stanza of one target.

    Raises:
        UserError: there is none of that name.
    """
    known = {target.name: target for target in loaded.targets}
    if name not in known:
        meant = nearest(name, known)
        hint = f"Did you mean {meant!r}?" if meant else f"There are: {', '.join(known) or 'none'}."
        raise UserError(f"there is no target {name!r}", hint=hint)
    return known[name]


class Wanting(MendwatchError):
    """What a command was asked to check has faults. The same fault in the way of another command is a UserError."""


def settings_if_any(config: Path | None) -> Settings:
    """Load the configuration that is named or found; the defaults where none is named and none is found.

    Raises:
        ConfigurationError: it is wrong, or the named one is not there.
    """
    try:
        loading.find(config)
    except ConfigurationError:
        if config is not None:
            raise
        return Settings()
    return settings(config)[0]


@contextmanager
def judging(*kinds: type[UserError]) -> Iterator[None]:
    """Turn errors of these kinds into what was found.

    Raises:
        Wanting: in place of such an error.
    """
    try:
        yield
    except kinds as problem:
        raise Wanting(str(problem), hint=problem.hint, faults=problem.faults) from problem


@asynccontextmanager
async def store(config: Path | None) -> AsyncIterator[Store]:
    """Open the state database of the configured agent."""
    from mendwatch.service.state import open_state  # noqa: PLC0415 - a fifth of a second that most commands do not need

    loaded, _ = settings(config)
    opened = await open_state(loaded)
    try:
        yield opened
    finally:
        await opened.close()


def with_store(config: Path | None, work: Callable[[Store], Awaitable[T]]) -> T:
    """Run asynchronous work on the state database."""

    async def body() -> T:
        async with store(config) as opened:
            return await work(opened)

    return asyncio.run(body())


def person() -> Principal:
    """Give who sits at the command line, by the kernel's word.

    Whoever can write the state folder may decide; the folder is 0700 for that reason.
    """
    return Principal(login(os.getuid(), os.geteuid(), os.environ), "cli", frozenset(Permission))


def login(uid: int, euid: int, environment: Mapping[str, str]) -> str:
    """Name the account of a process: its own, or for root the one behind sudo.

    Anybody can set a variable, so SUDO_UID is believed of root alone, and only where it is the number of an account.
    """
    behind = environment.get("SUDO_UID", "")
    known = _account(int(behind)) if euid == 0 and behind.isascii() and behind.isdigit() else None
    return known or _account(uid) or f"uid-{uid}"


def _account(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):  # no such account; no number of one
        return None
