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


def with_target(text: str, path: str, stanza: Mapping[str, Any]) -> str:
    """Give the text of a configuration with one more target at the end of `targets:`; lines end as its first one does.

    Raises:
        ConfigurationError: the file is no YAML, or its targets are written in a way that cannot be added to.
    """
    before = documents.parse(text, path, ConfigurationError).data or {}
    changed = _inserted(text, path, stanza)
    try:
        after = documents.parse(changed, path, ConfigurationError).data
    except ConfigurationError:
        raise _unfit(path) from None
    if not isinstance(before, dict) or after != {**before, "targets": [*(before.get("targets") or []), dict(stanza)]}:
        raise _unfit(path)
    return changed


def _unfit(path: str) -> ConfigurationError:
    hint = "Add the target by hand: write `targets:` as a list with one dash for each target."
    return ConfigurationError(f"{path}: a target cannot be added to the way that this file is written", hint=hint)


def _inserted(text: str, path: str, stanza: Mapping[str, Any]) -> str:
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += end
    found = _targets(text)
    if found is None:
        return "".join([*lines, f"targets:{end}", _item(stanza, "  ", end)])
    key, value = found
    if isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
        last = _last_line(lines, value)
        return "".join([*lines[:last], _item(stanza, " " * value.start_mark.column, end), *lines[last:]])
    if _is_empty(value) and value.start_mark.line == value.end_mark.line == key.start_mark.line:
        number, line = key.start_mark.line, lines[key.start_mark.line]
        emptied = line[: value.start_mark.column].rstrip() + line[value.end_mark.column :]
        return "".join([*lines[:number], emptied, _item(stanza, "  ", end), *lines[number + 1 :]])
    raise _unfit(path)


def _targets(text: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Give the nodes of the key `targets` and of its value."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    return next(((key, value) for key, value in root.value if key.value == "targets"), None)


def _is_empty(value: yaml.Node) -> bool:
    return not value.value or value.tag == "tag:yaml.org,2002:null"


def _last_line(lines: list[str], value: yaml.SequenceNode) -> int:
    """Give the line after the list's last one that is neither empty nor a comment: those belong to what follows."""
    last = value.end_mark.line if value.end_mark.column == 0 else value.end_mark.line + 1
    while last > value.start_mark.line + 1 and lines[last - 1].strip()[:1] in {"", "#"}:
        last -= 1
    return last


def _item(stanza: Mapping[str, Any], indent: str, end: str) -> str:
    body = yaml.safe_dump(dict(stanza), sort_keys=False, allow_unicode=True, default_flow_style=False)
    item = f"{indent}- {textwrap.indent(body, f'{indent}  ')[len(indent) + 2 :]}"
    return item.replace("\n", end)
