"""Every known trap of the Platform API and of rule engines has a test: the tables of traps name tests that there are."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
import rule_trap_table
import trap_table

TESTS = Path(__file__).parents[1]
TRAPS = [(trap, tests) for table in trap_table.TABLES.values() for trap, tests in table.items()]
RULE_TRAPS = [(trap, tests) for table in rule_trap_table.TABLES.values() for trap, tests in table.items()]


@cache
def _tests_in(path: Path) -> frozenset[str]:
    """Give the names of the tests of a file."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize(("trap", "tests"), TRAPS + RULE_TRAPS, ids=[trap for trap, _ in TRAPS + RULE_TRAPS])
def test_a_trap_is_proved_by_tests_that_there_are(trap: str, tests: tuple[str, ...]) -> None:
    assert tests, trap
    for test in tests:
        file, _, name = test.partition("::")
        assert name.startswith("test_")
        assert name in _tests_in(TESTS / file), test


def test_no_trap_stands_twice_and_each_is_a_sentence() -> None:
    traps = [trap for trap, _ in TRAPS + RULE_TRAPS]
    assert len(TRAPS) >= 60
    assert len(RULE_TRAPS) >= 50
    assert len(set(traps)) == len(traps)
    assert all(trap[0].isupper() and trap.endswith(".") for trap in traps)


def test_every_test_of_the_traps_themselves_is_in_the_table() -> None:
    named = {test.rpartition("::")[2] for _, tests in TRAPS for test in tests}
    own = {name for name in _tests_in(TESTS / "unit/onefs/test_onefs_traps.py") if name.startswith("test_")}
    assert own - named == {"test_an_answer_can_be_larger_than_any_that_a_cluster_of_252_nodes_gives"}
