"""Commands of a group whose modules are imported when they are asked for: most of a short command's time would be imports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import typer
from typer.core import TyperGroup

#: Imports what a command needs and gives the function that typer makes it of.
Import = Callable[[], Callable[..., Any]]


def group(commands: Mapping[str, Import]) -> type[TyperGroup]:
    """Give the class of a group that has these commands besides those that are registered with it."""

    class Lazy(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - the library's context, which has no public name
            """Name all commands, in the order of their writing."""
            return [*super().list_commands(ctx), *commands]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - as above
            """Give one command; None where there is none of that name."""
            found = super().get_command(ctx, cmd_name)
            if found is not None or cmd_name not in commands:
                return found
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(commands[cmd_name]())
            return typer.main.get_command(alone)

    return Lazy
