"""What of a rule can still be held against the world although its shape has faults: so that all that is wrong is told in one go.

What has a fault is left out, and what is left is checked as if it were the rule; nothing of it is ever used. Where the rest would
only give faults that follow from the first, there is no rest. Pure.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)

_TRIES = 4
#: What stands for a missing or broken value that the rest can do without.
_STAND_INS = {"alert": "_", "when": "true"}
#: Keys that the rest cannot do without: what is wrong with them would be told again and again.
_NEEDED = {"on", "with", "source", "target"}
_NEEDED_OF_FOREIGN = {"match", "key"}


def rest(model: type[M], raw: object, problem: ValidationError) -> M | None:
    """Give what remains of a rule without what is wrong, or None where that is too little to go on with."""
    if not isinstance(raw, dict):
        return None
    left: dict[Any, Any] = copy.deepcopy(raw)
    needed = _NEEDED if "on" in model.model_fields else _NEEDED | _NEEDED_OF_FOREIGN
    for _ in range(_TRIES):
        for location in _locations(problem):
            if location[0] in needed:
                return None
            _leave_out(left, location)
        try:
            return model.model_validate(left)
        except ValidationError as next_problem:
            problem = next_problem
    return None


def alerts(data: object) -> Iterator[str]:
    """Give the name of every alert that stands in a file, whatever else is wrong with it."""
    for _, _, rules in groups(data):
        for rule in rules:
            if isinstance(rule, dict) and isinstance(rule.get("alert"), str):
                yield rule["alert"]


def groups(data: object) -> Iterator[tuple[int, str, list[Any]]]:
    """Give number, name and raw rules of every group of a file, as far as they can be made out."""
    found = data.get("groups") if isinstance(data, dict) else None
    for number, group in enumerate(found if isinstance(found, list) else ()):
        rules = group.get("rules") if isinstance(group, dict) else None
        if isinstance(rules, list):
            yield number, str(group.get("name")), rules


def tests(data: object) -> list[Any]:
    """Give the raw tests of a file, as far as they can be made out."""
    found = data.get("tests") if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


def _locations(problem: ValidationError) -> list[tuple[Any, ...]]:
    """Give what to leave out for each fault: what is missing makes whatever should hold it useless."""
    found = [(item["type"], tuple(item["loc"])) for item in problem.errors(include_url=False, include_input=False)]
    return [place[:-1] if kind == "missing" and len(place) > 1 else place for kind, place in found if place]


def _leave_out(left: dict[Any, Any], location: tuple[Any, ...]) -> None:
    """Leave out a place: the item of a list takes the list with it, a variable takes the remediation with it."""
    key, *further = location
    if key in _STAND_INS:
        left[key] = _STAND_INS[key]
    elif key == "remediate" and further[:1] == ["variables"]:
        left.pop(key, None)
    elif further and isinstance(left.get(key), dict) and further[0] in left[key]:
        _leave_out_of(left[key], tuple(further))
    else:
        left.pop(key, None)


def _leave_out_of(inner: dict[Any, Any], location: tuple[Any, ...]) -> None:
    key, *further = location
    if further and isinstance(inner.get(key), dict) and further[0] in inner[key]:
        _leave_out_of(inner[key], tuple(further))
    else:
        inner.pop(key, None)
