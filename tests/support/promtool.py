"""Debian's promtool, run to its end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from prometheus_server import program


async def promtool(*arguments: str, folder: Path) -> tuple[int, str]:
    """Give its exit code and all that it said."""
    process = await asyncio.create_subprocess_exec(
        program("promtool"), *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()
