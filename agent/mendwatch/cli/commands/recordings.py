"""`mendwatch record` and `mendwatch replay`: what a target answered, kept without secrets, and served again as that target."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer
import yaml

from mendwatch.cli import context, output
from mendwatch.cli.context import ConfigOption, JsonOption
from mendwatch.config.settings import Settings
from mendwatch.errors import UserError
from mendwatch.model.text import count, escaped
from mendwatch.polling import providers
from mendwatch.polling.watches import Watch
from mendwatch.provider import DemoTarget, Recorder, Replay
from mendwatch.service.targets import watches

#: The entry point group of what serves recordings; the name is the provider's.
REPLAYS = "mendwatch.replays"
_PROVIDER = "provider"
_INSTALL = "Install the simulator of that provider."


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("record")(record)
    app.command("replay")(replay)


def record(
    target: Annotated[str, typer.Argument(help="The target's name.")],
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet, or is empty.")],
    config: ConfigOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Run every collector of a target once and write what it answered, without secrets; reads only."""
    loaded, base = context.settings(config)
    watched = _watch(loaded, base, target)
    with _filled(folder):
        exchanges = _recorded(watched, folder)
    if json:
        output.as_json({"folder": str(folder), "exchanges": exchanges})
        return
    output.line(f"{count(exchanges, 'exchange')} in {folder}; look into it before you send it")


def _recorded(watched: Watch, folder: Path) -> int:
    provider = watched.provider
    if not isinstance(provider, Recorder):
        hint = "A recording is what a target answered to an API; this provider asks none that can be replayed."
        raise UserError(f"provider {provider.name} cannot record", hint=hint)
    collectors = [probe.collector for probe in watched.probes]
    exchanges = asyncio.run(provider.record(watched.target, watched.credential(), collectors, folder))
    with os.fdopen(os.open(folder / _PROVIDER, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{provider.name}\n")
    return exchanges


def replay(
    folder: Annotated[Path, typer.Argument(help="What `mendwatch record` wrote.")],
) -> None:
    """Serve a recording as if it were the target, until interrupted; prints the stanza that watches it."""
    asyncio.run(_replayed(_replay(folder), folder))


async def _replayed(served: Replay, folder: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        _tell(await served.start(folder))
        await stop.wait()
    finally:
        await served.stop()


def _tell(target: DemoTarget) -> None:
    output.line(
        yaml.safe_dump({"targets": [dict(stanza) for stanza in target.targets]}, sort_keys=False, allow_unicode=True).rstrip()
    )
    for remark in target.remarks:
        output.line(f"# {escaped(remark)}")


def _replay(folder: Path) -> Replay:
    try:
        name = (folder / _PROVIDER).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise UserError(f"{folder} holds no recording", hint="Name a folder that `mendwatch record` wrote.") from problem
    found = [point for point in entry_points(group=REPLAYS) if point.name == name]
    if not found:
        raise UserError(f"nothing installed replays recordings of provider {name!r}", hint=_INSTALL)
    try:
        made: type[Replay] = found[0].load()
    except ImportError as problem:
        raise UserError(f"what replays recordings of provider {name!r} cannot be used: {problem}", hint=_INSTALL) from problem
    return made()


def _watch(loaded: Settings, base: Path, name: str) -> Watch:
    stanza = context.named(loaded, name)
    found = providers.discover({stanza.provider})
    built = watches(loaded.model_copy(update={"targets": [stanza]}), found, base)
    if not built:
        raise UserError(f"provider {stanza.provider} is unavailable", hint="`mendwatch check` says why.")
    return built[0]


@contextmanager
def _filled(folder: Path) -> Iterator[None]:
    """Make a folder, or take an empty one, for the block to fill; when that fails, leave everything as it was.

    Raises:
        UserError: it cannot be made or written, or is not empty.
    """
    there = folder.exists()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UserError(f"{folder} is not empty", hint="Name a folder that does not exist yet; nothing was overwritten.")
        with _emptied_on_failure(folder, remove=not there):
            yield
    except OSError as problem:
        raise UserError(f"{folder} cannot be written: {problem.strerror}", hint="Name another folder.") from problem


@contextmanager
def _emptied_on_failure(folder: Path, *, remove: bool) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for file in folder.iterdir():
            file.unlink()
        if remove:
            folder.rmdir()
        raise
