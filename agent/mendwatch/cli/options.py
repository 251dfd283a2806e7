"""A command with more options than a function should have parameters: they are the fields of a dataclass."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


def taking(model: type[T], work: Callable[[T], None]) -> Callable[..., None]:
    """Give a command that reads its options into `model`, whose fields are annotated as typer wants parameters, and does `work`."""

    def command(**given: Any) -> None:  # noqa: ANN401 - what the fields say
        work(model(**given))

    hints = get_type_hints(model, include_extras=True)
    made: Any = command
    made.__signature__ = inspect.Signature(
        [
            inspect.Parameter(
                one.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if one.default is MISSING else one.default,
                annotation=hints[one.name],
            )
            for one in fields(model)  # type: ignore[arg-type]  # a dataclass, which no bound of a type variable can say
        ]
    )
    made.__doc__ = work.__doc__
    return command
