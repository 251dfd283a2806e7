"""What a playbook says by `set_stats`, read without trust: the words that the engine acts on, and nothing else.

A playbook sets `outcome` to one of the words below, may set `message` to a sentence for people, and in check mode may set
`bind` to variables that the later phases must get (the value before, so that a changed object is noticed).
"""

from __future__ import annotations

from collections.abc import Mapping

from mendwatch.playbooks.interface import Result

PRECONDITION_FAILED = "precondition_failed"
ROLLED_BACK = "rolled_back"
ROLLBACK_FAILED = "rollback_failed"

#: Longer explanations are cut: they come from a playbook and end up in notes.
_LONGEST = 500


def word(outcome: Mapping[str, object]) -> str:
    """Give the outcome's word, or "" where it has none."""
    found = outcome.get("outcome")
    return found if isinstance(found, str) else ""


def bind(outcome: Mapping[str, object]) -> Mapping[str, object]:
    """Give the variables that a plan binds."""
    found = outcome.get("bind")
    return {str(name): value for name, value in found.items()} if isinstance(found, Mapping) else {}


def explain(result: Result) -> str:
    """Give the most telling sentence that a phase left."""
    said = result.outcome.get("message")
    text = said if isinstance(said, str) and said else result.message
    return (text or f"no message (exit code {result.rc})")[:_LONGEST]
