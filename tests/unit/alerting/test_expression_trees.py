"""The tree of an expression says what it is, and writes it down again."""

from __future__ import annotations

import pytest
from cel_expr_python import cel

from mendwatch.alerting.tree import Kind, Node, unparse
from mendwatch.alerting.tree_reader import read

_TYPES = {"usage": cel.Type.DOUBLE, "limit": cel.Type.DOUBLE, "path": cel.Type.STRING, "type": cel.Type.STRING}
_ENV = cel.NewEnv(variables={f"record.{name}": kind for name, kind in _TYPES.items()}, container="record")


def tree(text: str) -> Node:
    return read(_ENV.compile(text).serialize())


def shape(node: Node) -> object:
    """Everything but where it stood in the text."""
    inner = [shape(child) for child in node.children]
    return node.kind, node.type, node.word, repr(node.value), node.overload, node.member, node.variable, inner


@pytest.mark.parametrize(
    "text",
    [
        "usage / limit > 0.9 && type == 'directory'",
        "!(usage > 1.0) || path in ['a', 'b'] && usage <= limit",
        "usage > 1.0 ? path.startsWith('x') : (type == 'y' ? true : false)",
        "(usage > 1.0 ? 1.0 : 2.0) * -limit - (usage - 1.0) / (limit * 2.0) >= -1.5",
        "-(-usage) < 1e+20",
        "[1.0, 0.0].exists(x, usage / x > 3.0)",
        "['a'].all(x, x != path) && [1, 2].exists_one(x, x == 1)",
        "[1.0, usage].filter(x, x > 1.0) == [1.0].map(x, x * limit)",
        "[1.0].map(x, x > 0.0, x + 1.0) == [] && [[1.0]].all(x, x.exists(y, y == usage))",
        "has({'a': 1}.a) && {'a': 1}.a == 1 && {'a': [1, 2]}['a'][0] % 2 == 1",
        "size(path) > 3 && path.size() > 3 && int(usage) / 3 == 3 && 3u > 2u",
        "path == 'a\\'b\\n\\\\ \\u00e9 \\U0010ffff' + type && b'\\x01' == bytes(path) && null == null",
        "path.matches('^a+$') && duration('5m') < duration('1h')",
    ],
)
def test_what_is_written_again_means_the_same(text: str) -> None:
    written = unparse(tree(text))

    assert shape(tree(written)) == shape(tree(text))


@pytest.mark.parametrize(
    "text",
    [
        "usage / limit > 0.9 && type == 'directory'",
        "(usage > 1.0 || usage < 0.5) && !(path in ['a', 'b'])",
        "usage - (limit - 1.0) > -2.0",
        "[1.0, 0.0].exists(x, usage / x > 3.0)",
        "usage > 1.0 ? path == 'x' : path.startsWith('y')",
    ],
)
def test_an_expression_in_usual_form_is_written_as_it_stood(text: str) -> None:
    assert unparse(tree(text)) == text


def test_a_node_knows_its_kind_type_overload_and_place() -> None:
    node = tree("usage / limit > 0.9")
    ratio, bound = node.children

    assert (node.kind, node.type, node.word, node.overload, node.offset) == (Kind.CALL, "bool", "_>_", "greater_double", 14)
    assert (ratio.overload, ratio.type, ratio.offset) == ("divide_double", "double", 6)
    assert [(one.kind, one.word, one.type, one.offset) for one in ratio.children] == [
        (Kind.NAME, "usage", "double", 0),
        (Kind.NAME, "limit", "double", 8),
    ]
    assert (bound.kind, bound.type, bound.value) == (Kind.CONSTANT, "double", 0.9)


def test_lists_say_what_they_hold() -> None:
    assert tree("path in ['a']").children[1].type == "list(string)"
    assert tree("{'a': [1.0]} == {}").children[0].type == "map(string, list(double))"


def test_a_macro_is_put_together_again() -> None:
    node = tree("[1.0].map(x, x > 0.0, x + usage).size() == 1").children[0].children[0]

    assert (node.kind, node.word, node.variable, len(node.children)) == (Kind.MACRO, "map", "x", 3)
    assert [one.word for one in node.walk() if one.kind is Kind.VARIABLE] == ["x", "x"]


def test_a_name_can_be_written_as_what_it_stands_for() -> None:
    assert unparse(tree("usage > limit"), {"usage": "rate(errors, 5m)"}) == "rate(errors, 5m) > limit"
