"""Writes the table of settings in docs/configure.md from the settings' own descriptions, so that the two never differ.

usage: python tools/configuration_reference.py          (rewrites the page between its markers)
"""

from __future__ import annotations

from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mendwatch.config.durations import format_duration
from mendwatch.config.settings import Settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "configure.md"
BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"


def render() -> str:
    """Give the table: one row for each setting, nested ones with their path."""
    rows = ["| setting | default | what it is |", "| --- | --- | --- |"]
    rows += [f"| `{path}` | {_default(field)} | {field.description} |" for path, field in _walk(Settings, "")]
    return "\n".join(rows)


def page(text: str) -> str:
    """Give the page with the table renewed."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{render()}\n{END}{after}"


def _walk(model: type[BaseModel], prefix: str) -> list[tuple[str, FieldInfo]]:
    found: list[tuple[str, FieldInfo]] = []
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        inner, suffix = _inner(field.annotation)
        found.append((path, field))
        if inner is not None:
            found += _walk(inner, f"{path}{suffix}.")
    return found


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, str]:  # noqa: ANN401 - annotations are of any type
    """Give the model inside an annotation, and how its place is written: `[]` in a list, `.<name>` in a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    suffix = {list: "[]", dict: ".<name>"}.get(get_origin(annotation), "")
    if suffix or get_origin(annotation) in {Union, UnionType}:
        for argument in get_args(annotation):
            inner, deeper = _inner(argument)
            if inner is not None:
                return inner, suffix + deeper
    return None, ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel) or value is PydanticUndefined:
        return ""
    if value is None or value in ([], {}):
        return "none"
    if hasattr(value, "total_seconds"):
        return f"`{format_duration(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
