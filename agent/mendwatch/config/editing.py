"""Adds a target to a configuration file as text, so that comments, order and spelling of the rest stay as they are. Pure.

Whatever is written is parsed again before it is given: a file that would mean anything else is refused, never saved.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import yaml

from mendwatch.config import documents
from mendwatch.errors import ConfigurationError

_HINT = "Add the target by hand: write `targets:` as a list with one dash for each target."


def with_target(text: str, path: str, stanza: Mapping[str, Any]) -> str:
    """Give the text of a configuration with one more target at the end of `targets:`.

    Raises:
        ConfigurationError: the file is no YAML, or its targets are written in a way that cannot be added to.
    """
    before = documents.parse(text, path, ConfigurationError).data or {}
    changed = _inserted(text, path, stanza)
    after = documents.parse(changed, path, ConfigurationError).data
    wanted = {**before, "targets": [*(before.get("targets") or []), dict(stanza)]}
    if after != wanted:
        raise ConfigurationError(f"{path}: a target cannot be added to the way that this file is written", hint=_HINT)
    return changed


def _inserted(text: str, path: str, stanza: Mapping[str, Any]) -> str:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    found = _targets(text)
    if found is None:
        return "".join([*lines, "targets:\n", _item(stanza, "  ")])
    key, value = found
    if isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
        last = _last_line(lines, value)
        return "".join([*lines[:last], _item(stanza, " " * value.start_mark.column), *lines[last:]])
    if not getattr(value, "value", None) and value.start_mark.line == key.start_mark.line:
        head = lines[key.start_mark.line][: key.end_mark.column]
        return "".join([*lines[: key.start_mark.line], f"{head}:\n", _item(stanza, "  "), *lines[key.start_mark.line + 1 :]])
    raise ConfigurationError(f"{path}: the targets are not written as a list with dashes", hint=_HINT)


def _targets(text: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Give the nodes of the key `targets` and of its value."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    return next(((key, value) for key, value in root.value if key.value == "targets"), None)


def _last_line(lines: list[str], value: yaml.SequenceNode) -> int:
    """Give the line after the list's last one that is neither empty nor a comment: those belong to what follows."""
    last = value.end_mark.line if value.end_mark.column == 0 else value.end_mark.line + 1
    while last > value.start_mark.line + 1 and lines[last - 1].strip()[:1] in {"", "#"}:
        last -= 1
    return last


def _item(stanza: Mapping[str, Any], indent: str) -> str:
    body = yaml.safe_dump(dict(stanza), sort_keys=False, allow_unicode=True, default_flow_style=False)
    first, *rest = textwrap.indent(body, f"{indent}  ").splitlines(keepends=True)
    return f"{indent}- {first[len(indent) + 2 :]}{''.join(rest)}"
