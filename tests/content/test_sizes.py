"""The bounds on files and functions: what does not fit in a head at once is split."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ("agent", "collectors", "simulators", "tests", "bench") for path in (ROOT / folder).rglob("*.py"))
FILE_LINES, FUNCTION_LINES, PARAMETERS, DEPTH = 600, 60, 7, 3

Function = ast.FunctionDef | ast.AsyncFunctionDef
_NESTING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.Match)


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, Function):
            yield node


def lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def parameters(function: Function) -> int:
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def depth(node: ast.AST, parent: ast.AST | None = None) -> int:
    """Count how deep decisions and loops nest.

    `with` decides nothing, `elif` is on the level of its `if`, and a function within begins anew.
    """
    below = [depth(child, node) for child in ast.iter_child_nodes(node) if not isinstance(child, (Function, ast.ClassDef))]
    chained = isinstance(node, ast.If) and isinstance(parent, ast.If) and parent.orelse == [node]
    return max(below, default=0) + (isinstance(node, _NESTING) and not chained)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_and_its_functions_fit_in_a_head(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= FILE_LINES
    too_big = [
        f"{function.name}:{function.lineno}"
        for function in functions(path)
        if lines(function) > FUNCTION_LINES or parameters(function) > PARAMETERS or depth(function) > DEPTH
    ]
    assert too_big == []


def test_the_measure_sees_what_it_should() -> None:
    source = "def f(a, *, b):\n  if a:\n    for c in b:\n      with c:\n        if c: pass\n  elif b: pass\n  else:\n    pass\n"
    (function,) = [node for node in ast.walk(ast.parse(source)) if isinstance(node, Function)]
    assert (lines(function), parameters(function), depth(function)) == (8, 2, 3)
    chain = ast.parse("if a: pass\nelif b: pass\nelif c: pass\nelif d: pass\n")
    assert depth(chain) == 1
