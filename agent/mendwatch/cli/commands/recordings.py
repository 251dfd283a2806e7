"""`mendwatch record` and `mendwatch replay`: what a target answered, kept without secrets, and served again as that target."""

from __future__ import annotations

import asyncio
import signal
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer
import yaml

from mendwatch.cli import context, output
from mendwatch.cli.context import ConfigOption, JsonOption
from mendwatch.config.settings import Settings
from mendwatch.errors import UserError
from mendwatch.model.text import count
from mendwatch.polling import providers
from mendwatch.polling.watches import Watch
from mendwatch.provider import DemoTarget, Recorder, Replay
from mendwatch.service.targets import watches

#: The entry point group of what serves recordings; the name is the provider's.
REPLAYS = "mendwatch.replays"
_PROVIDER = "provider"


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
    if not isinstance(watched.provider, Recorder):
        raise UserError(f"provider {watched.provider.name} cannot record", hint="Only a provider that says how can.")
    _make(folder)
    collectors = [probe.collector for probe in watched.probes]
    exchanges = asyncio.run(watched.provider.record(watched.target, watched.credential(), collectors, folder))
    (folder / _PROVIDER).write_text(f"{watched.provider.name}\n", "utf-8")
    if json:
        output.as_json({"folder": str(folder), "exchanges": exchanges})
        return
    output.line(f"{count(exchanges, 'exchange')} in {folder}; look into it before you send it")


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
        output.line(f"# {remark}")


def _replay(folder: Path) -> Replay:
    try:
        name = (folder / _PROVIDER).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise UserError(f"{folder} holds no recording", hint="Name a folder that `mendwatch record` wrote.") from problem
    found = [point for point in entry_points(group=REPLAYS) if point.name == name]
    if not found:
        raise UserError(
            f"nothing installed replays recordings of provider {name!r}", hint="Install the simulator of that provider."
        )
    made: type[Replay] = found[0].load()
    return made()


def _watch(loaded: Settings, base: Path, name: str) -> Watch:
    stanza = context.named(loaded, name)
    found = providers.discover({stanza.provider})
    built = watches(loaded.model_copy(update={"targets": [stanza]}), found, base)
    if not built:
        raise UserError(f"provider {stanza.provider} is unavailable", hint="`mendwatch check` says why.")
    return built[0]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        empty = not any(folder.iterdir())
    except OSError as problem:
        raise UserError(f"{folder} cannot be written: {problem.strerror}", hint="Name another folder.") from problem
    if not empty:
        raise UserError(f"{folder} is not empty", hint="Name a folder that does not exist yet; nothing was overwritten.")
