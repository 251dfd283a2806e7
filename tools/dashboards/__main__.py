"""Writes grafana/dashboards/*.json from the boards beside this file, so that all of them look and count alike.

usage: python tools/dashboards            (rewrites the files)
       python tools/dashboards --check    (changes nothing; names what differs, and ends with 1 if anything does)
"""

from __future__ import annotations

import sys
from pathlib import Path

import agent
import capacity
import fleet
import nodes
import performance
import protection
import services

FOLDER = Path(__file__).resolve().parents[2] / "grafana" / "dashboards"
BOARDS = (fleet.BOARD, performance.BOARD, nodes.BOARD, capacity.BOARD, protection.BOARD, services.BOARD, agent.BOARD)


def main(arguments: list[str]) -> int:
    """Write or check every file."""
    wanted = {FOLDER / f"{board.name}.json": board.text() for board in BOARDS}
    if arguments == ["--check"]:
        known = {path: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
        different = sorted(path.name for path in {*wanted, *known} if wanted.get(path) != known.get(path))
        print("\n".join(f"{name} differs; run: python tools/dashboards" for name in different))
        return 1 if different else 0
    for path, text in wanted.items():
        path.write_text(text, "utf-8")
    print(f"{len(wanted)} dashboards are written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
