"""Writes a file of rules the one way that all are written: order of keys, spelling of durations, quotes, blank lines.

It works on the text, by the places of the parsed nodes, so that comments stay where they belong. Whatever comes out is read again
before it is given: a file that would mean anything else, or would lose a comment, is refused. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import yaml

from mendwatch.alerting.rewriting import Edit, rewritten
from mendwatch.config import documents
from mendwatch.config.documents import Location
from mendwatch.config.durations import format_duration, parse_duration
from mendwatch.errors import ContentError

_HINT = "Put it in order by hand; nothing was changed."
_DURATIONS = {
    *("for", "keep_firing_for", "stale_after", "window", "expires", "within", "cooldown"),
    *("interval", "eval_time", "start", "end"),
}
#: The order of keys, by the kind of mapping; what is not named stands behind, in the order in which it was written.
_ORDERS: dict[str, tuple[str, ...]] = {
    "file": ("groups", "tests"),
    "group": ("name", "rules"),
    "rule": (
        *("alert", "source", "target", "on", "match", "with", "when", "clear", "for", "keep_firing_for", "stale_after", "no_data"),
        *("flap", "key", "freezes", "inhibited_by", "labels", "annotations", "remediate"),
    ),
    "remediate": ("remediation", "variables", "mode", "approval", "verify", "guard"),
    "test": ("name", "interval", "input_series", "silences", "alert_rule_test", "exp_runs", "exp_blocked"),
}
_COMMENT = re.compile(r"(?:(?<=\s)|^)#[^\n]*", re.MULTILINE)


def formatted(text: str, path: str) -> str:
    """Give the text of a file of rules in its canonical form.

    Raises:
        ContentError: the file is no YAML, or it is written in a way that cannot be put in order without changing what it says.
    """
    before = documents.parse(text, path).data
    try:
        changed = _changed(text)
        after = documents.parse(changed, path).data
        kept = Counter(_comments(text)) == Counter(_comments(changed))
    except (yaml.YAMLError, ContentError):
        raise _unfit(path, "its keys cannot be moved") from None
    if _meaning(before) != _meaning(after):
        raise _unfit(path, "it would not mean the same")
    if not kept:
        raise _unfit(path, "a comment would be lost")
    return changed


def _changed(text: str) -> str:
    ends = "\r\n" if "\r\n" in text else "\n"
    return _tidied(_ordered(_spelled(text.replace("\r\n", "\n")))).replace("\n", ends)


def _unfit(path: str, why: str) -> ContentError:
    return ContentError(f"{path}: the file is left as it is: {why}", hint=_HINT)


def _root(text: str) -> yaml.Node | None:
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _spelled(text: str) -> str:
    """Spell every duration the shortest way, and quote with single quotes where both will do."""
    root = _root(text)
    return rewritten(text, _spellings(root, text, "")).text if root is not None else text


def _spellings(node: yaml.Node, text: str, key: str) -> Iterator[Edit]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _spellings(value, text, str(name.value))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _spellings(item, text, "")
    else:
        written = text[node.start_mark.index : node.end_mark.index]
        better = _spelling(written, str(node.value), key)
        if better != written:
            yield Edit(node.start_mark.index, node.end_mark.index, better)


def _spelling(written: str, value: str, key: str) -> str:
    if key in _DURATIONS and written == value:
        return _shortest(value)
    if written == f'"{value}"' and not set(value) & {"'", "\\", "\n"}:
        return f"'{value}'"
    return written


def _shortest(duration: str) -> str:
    """Give the shorter of two ways to write a duration: 60m is 1h, and 90s stays."""
    try:
        found = format_duration(parse_duration(duration))
    except ValueError:
        return duration
    return found if len(found) < len(duration) else duration


def _ordered(text: str) -> str:
    """Put the keys of one mapping after the other in order; each changes the places of all that follow."""
    for _ in range(text.count("\n") + 1):
        root = _root(text)
        found = next(_disordered(root, ()), None) if root is not None else None
        if found is None:
            break
        text = _moved(text, *found)
    return text


def _disordered(node: yaml.Node, location: Location) -> Iterator[tuple[yaml.MappingNode, list[int]]]:
    """Give mappings in blocks whose keys stand in another order, each with the order in which they should stand."""
    if isinstance(node, yaml.MappingNode):
        order = _ORDERS.get(_kind(location), ())
        names = [str(key.value) for key, _ in node.value]
        wanted = sorted(range(len(names)), key=lambda at: (order.index(names[at]) if names[at] in order else len(order), at))
        if order and not node.flow_style and wanted != list(range(len(names))):
            yield node, wanted
        for key, value in node.value:
            yield from _disordered(value, (*location, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _disordered(item, (*location, index))


def _kind(location: Location) -> str:
    match location:
        case ():
            return "file"
        case ("groups", int()):
            return "group"
        case ("groups", int(), "rules", int()):
            return "rule"
        case ("groups", int(), "rules", int(), "remediate"):
            return "remediate"
        case ("tests", int()):
            return "test"
    return ""


def _moved(text: str, node: yaml.MappingNode, wanted: Sequence[int]) -> str:
    """Move the lines of a mapping's keys, each with the comments above it."""
    lines = text.splitlines(keepends=True)
    keys = [key.start_mark for key, _ in node.value]
    column = keys[0].column
    starts = [keys[0].line, *(_above(lines, mark.line, before.line, column) for before, mark in pairwise(keys))]
    ends = [*starts[1:], _above(lines, _last(lines, node), keys[-1].line, column)]
    if len({mark.line for mark in keys}) < len(keys):
        return text
    chunks = [lines[start:end] for start, end in zip(starts, ends, strict=True)]
    lead = chunks[0][0][:column]  # the dash of the item, where the mapping is one of a list
    chunks[0][0] = " " * column + chunks[0][0][column:]
    chunks = [[_ended(line) for line in chunks[at]] for at in wanted]
    first = next(number for number, line in enumerate(chunks[0]) if line.strip() and not line.lstrip().startswith("#"))
    chunks[0][first] = lead + chunks[0][first][column:]
    return "".join([*lines[: starts[0]], *(line for chunk in chunks for line in chunk), *lines[ends[-1] :]])


def _last(lines: Sequence[str], node: yaml.MappingNode) -> int:
    """Give the line after a mapping; its end is where the next word begins, or behind its own last one."""
    mark = node.end_mark
    inside = mark.line < len(lines) and lines[mark.line][: mark.column].strip()
    return mark.line + 1 if inside else mark.line


def _above(lines: Sequence[str], line: int, least: int, column: int) -> int:
    """Give the first of the lines right above that are blank or comments of this level: those belong to what follows."""
    while line - 1 > least:
        text = lines[line - 1]
        if text.strip() and not (text.lstrip().startswith("#") and len(text) - len(text.lstrip()) <= column):
            break
        line -= 1
    return line


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n"


def _tidied(text: str) -> str:
    """Take away blanks at the ends of lines and needless blank lines; what stands in a text of several lines stays as it is."""
    kept = _lines_of_texts(text)
    found: list[str] = []
    for number, line in enumerate(text.split("\n")):
        bare = line if number in kept else line.rstrip()
        if bare or number in kept or (found and found[-1]):
            found.append(bare)
    return "\n".join(found).rstrip("\n") + "\n" if any(found) else ""


def _lines_of_texts(text: str) -> set[int]:
    """Give the numbers of the lines that a scalar goes over."""
    scalars = (token for token in yaml.scan(text, Loader=yaml.SafeLoader) if isinstance(token, yaml.ScalarToken))
    return {
        line
        for token in scalars
        if token.start_mark.line != token.end_mark.line
        for line in range(token.start_mark.line, token.end_mark.line + 1)
    }


def _comments(text: str) -> list[str]:
    """Give every comment of a text; what looks like one inside a scalar is none."""
    bare = list(text)
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.ScalarToken):
            start, end = token.start_mark.index, token.end_mark.index
            bare[start:end] = ["x" if character != "\n" else "\n" for character in bare[start:end]]
    return [found.strip() for found in _COMMENT.findall("".join(bare))]


def _meaning(data: object, key: object = "") -> object:
    """Give what a file says; a duration means its length, however it was written."""
    if isinstance(data, dict):
        return [(name, _meaning(value, name)) for name, value in sorted(data.items(), key=lambda pair: str(pair[0]))]
    if isinstance(data, list):
        return [_meaning(item) for item in data]
    if key in _DURATIONS:
        try:
            return parse_duration(data)
        except ValueError:
            return data
    return data
