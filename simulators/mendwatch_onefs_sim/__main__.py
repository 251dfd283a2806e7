"""The simulator as a command: one line of JSON when it is ready, and a clean end by Ctrl-C, SIGTERM or the parent's end.

Passwords come by the environment or go to files that only the owner reads; never by the command line, never to the output.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from mendwatch.errors import ConfigurationError, UserError
from mendwatch_onefs_sim.certificates import write_private
from mendwatch_onefs_sim.fleet import Fleet
from mendwatch_onefs_sim.hardware import MOST_NODES
from mendwatch_onefs_sim.incidents.arguments import LASTS
from mendwatch_onefs_sim.incidents.registry import INCIDENTS
from mendwatch_onefs_sim.releases import USUAL
from mendwatch_onefs_sim.server import MONITOR, REMEDIATE, Simulator, SimulatorOptions

#: The environment variables that bring passwords, by account.
VARIABLES = {MONITOR: "MENDWATCH_SIM_MONITOR_PASSWORD", REMEDIATE: "MENDWATCH_SIM_REMEDIATE_PASSWORD"}

_MOST_PORTS = 65_535
#: The second last number of the nodes' addresses is the cluster's.
_MOST_CLUSTERS = 250
_USED_WRONGLY = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulator until it is told to end; the exit code is 0 then, 2 if it could not be started as asked."""
    options = _parser().parse_args(arguments)
    try:
        with ExitStack() as stack:
            folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mendwatch-onefs-sim-")))
            asyncio.run(_run(options, _prepared(folder)))
    except UserError as problem:
        sys.stderr.write(f"{problem}\n{problem.hint}\n")
        return _USED_WRONGLY
    return 0


async def _run(options: argparse.Namespace, folder: Path) -> None:
    given = _given_passwords(os.environ)
    fleet = Fleet(_clusters(options, folder, given))
    stop = _stop_event(with_parent=options.exit_with_parent)
    try:
        async with fleet:
            _say([_facts(simulator, given) for simulator in fleet.simulators])
            await stop.wait()
    except OSError as problem:
        raise ConfigurationError(
            f"the simulator cannot listen: {problem}", hint="Choose other ports; 0 takes a free one."
        ) from problem


def _clusters(options: argparse.Namespace, folder: Path, passwords: Mapping[str, str]) -> list[SimulatorOptions]:
    """Give the options of each cluster; several are numbered, and each has a folder, a seed and ports of its own.

    Raises:
        ConfigurationError: several clusters cannot share one port.
    """
    first = SimulatorOptions(
        folder, options.nodes, options.seed, passwords, options.name, options.port, options.control_port, release=options.release
    )
    count = options.clusters
    if count > 1 and (first.port or first.control_port):
        raise ConfigurationError("several clusters cannot listen on one port", hint="Leave the ports out; free ones are taken.")
    numbered = [replace(first, folder=folder / f"{first.name}-{n}", name=f"{first.name}-{n}", seed=first.seed + n - 1)
                for n in range(1, count + 1)]  # fmt: skip
    made = numbered if count > 1 else [first]
    return [replace(one, network=f"127.0.{number}") for number, one in enumerate(made)] if options.node_addresses else made


def _parser() -> argparse.ArgumentParser:
    variables = " and ".join(VARIABLES.values())
    parser = argparse.ArgumentParser(
        prog="mendwatch-onefs-sim",
        description="A simulated OneFS cluster: the Platform API over HTTPS, and a control API to make things go wrong.",
        epilog=f"Passwords are taken from {variables}; one that is not set is made up and written to the folder.\n\n{_incidents()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--nodes", type=_nodes, default=4, help="how many nodes the cluster has (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=1, help="the same seed gives the same cluster and values (default: %(default)s)"
    )
    parser.add_argument("--clusters", type=_clusters_count, default=1, help="how many clusters (default: %(default)s)")
    parser.add_argument("--release", default=USUAL, help="which release of OneFS it plays, 9.5 to 9.14 (default: %(default)s)")
    parser.add_argument("--node-addresses", action="store_true", help="give each node an address of its own below 127/8")
    parser.add_argument("--name", default="demo-cluster", help="what the cluster calls itself (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=0, help="port of the Platform API; 0 takes a free one (default)")
    parser.add_argument("--control-port", type=_port, default=0, help="port of the control API; 0 takes a free one (default)")
    parser.add_argument(
        "--folder", type=Path, help="where certificates and passwords go (default: a folder that is removed at the end)"
    )
    parser.add_argument("--exit-with-parent", action="store_true", help="end when standard input is closed")
    return parser


def _incidents() -> str:
    """Give the incidents and their arguments, as the help shows them."""
    lines = ["incidents (POST /incidents/<name> of the control API lets one begin, DELETE takes its cause away):"]
    for name, kind in sorted(INCIDENTS.items()):
        lines.append(f"  {name}: {kind.words}")
        lines += [f"      {one.name}: {one.described()}" for one in kind.arguments]
    return "\n".join([*lines, f"  each of them also takes {LASTS.name}: {LASTS.described()}"])


def _nodes(text: str) -> int:
    return _number(text, 1, MOST_NODES)


def _clusters_count(text: str) -> int:
    return _number(text, 1, _MOST_CLUSTERS)


def _port(text: str) -> int:
    return _number(text, 0, _MOST_PORTS)


def _number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


def _prepared(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise ConfigurationError(f"the folder {folder} cannot be made: {problem}", hint="Choose another --folder.") from problem
    return folder.resolve()


def _given_passwords(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[variable] for name, variable in VARIABLES.items() if environment.get(variable)}


def _password_files(simulator: Simulator, given: Mapping[str, str]) -> dict[str, str]:
    """Write the passwords that were made up, and tell where."""
    folder = simulator.ca_file.parent
    files = {name: folder / f"{name}.password" for name in simulator.accounts if name not in given}
    for name, file in files.items():
        write_private(file, simulator.accounts[name].encode())
    return {name: str(file) for name, file in files.items()}


def _facts(simulator: Simulator, given: Mapping[str, str]) -> dict[str, object]:
    facts: dict[str, object] = {
        "name": simulator.name,
        "url": simulator.url,
        "control_url": simulator.control_url,
        "ca_file": str(simulator.ca_file),
        "fingerprint": simulator.fingerprint,
        "accounts": sorted(simulator.accounts),
        "password_files": _password_files(simulator, given),
    }
    return {**facts, "addresses": simulator.addresses} if simulator.addresses else facts


def _say(clusters: Sequence[Mapping[str, object]]) -> None:
    """Print one line: the facts of the cluster, or a list of them if there are several."""
    facts = clusters[0] if len(clusters) == 1 else {"clusters": clusters}
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _stop_event(*, with_parent: bool) -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if with_parent:
        threading.Thread(target=_wait_for_parent, args=(loop, stop), daemon=True).start()
    return stop


def _wait_for_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Read standard input until its end, which comes when the parent closes it or dies; plain os.read holds no lock at exit."""
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    sys.exit(main())
