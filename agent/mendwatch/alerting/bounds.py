"""What an expression may cost: refused before CEL's library sees it is whatever could hold the agent for long.

Length, words and depth are bounded where the text is read. Here it is patterns that are not written out, macros within macros, and
lists that are gone through too often. Pure.
"""

from __future__ import annotations

from mendwatch.alerting import patterns
from mendwatch.alerting.syntax import Node
from mendwatch.alerting.tokens import Misread
from mendwatch.alerting.vocabulary import HIDDEN, MACROS

#: How often the parts of an expression may be worked out, where a macro goes through a list.
MOST_STEPS = 2000
_MOST_NESTED = 2


def check(tree: Node) -> None:
    """Refuse what could cost too much.

    Raises:
        Misread: with the place and what to write instead.
    """
    lists = max((len(node.parts) for node in tree.walk() if node.kind == "list"), default=0)
    _check(tree, lists, 1, 0)


def _check(node: Node, lists: int, times: int, nested: int) -> None:
    _check_word(node)
    if node.kind == "call" and node.method and node.word in MACROS and len(node.parts) > 1:
        if node.word == "map":
            raise Misread("map gives a list, and a condition needs none", node.start, "Use exists, all or filter.")
        if nested >= _MOST_NESTED:
            raise Misread("macros stand too deeply within each other", node.start, f"At most {_MOST_NESTED} levels.")
        inner = times * max(lists, 1)
        if inner * sum(1 for part in node.parts[2:] for _ in part.walk()) > MOST_STEPS:
            raise Misread("a macro goes through too much", node.start, "Use a shorter list, or `in [...]`.")
        _check(node.parts[0], lists, times, nested)
        for part in node.parts[2:]:
            _check(part, lists, inner, nested + 1)
        return
    for part in node.parts:
        _check(part, lists, times, nested)


def _check_word(node: Node) -> None:
    if node.kind in {"name", "select", "call"} and node.word.lstrip(".").startswith(HIDDEN):
        raise Misread(f"{node.word!r} begins with two underscores", node.start, "No field, label or function does.")
    if node.kind == "call" and node.word == "matches":
        _check_pattern(node)


def _check_pattern(node: Node) -> None:
    pattern = node.parts[-1] if node.parts else node
    if pattern.kind != "text":
        raise Misread("a pattern must be written out", pattern.start, 'Write it as text, such as path.matches("^/ifs/home/").')
    fault = patterns.fault(patterns.unquoted(pattern.word))
    if fault:
        raise Misread(fault, pattern.start, "Write a shorter one, or several rules.")
