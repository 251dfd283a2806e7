# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""How every module changes one thing: read what is so, decide, write if it is still so, read again.

A module says what its thing is by a subclass of `Thing`; sessions, check mode, differences and failures are here, once.
It must not know any resource of the Platform API.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Connection, Papi, PapiError

#: What is so of a thing, or shall be: JSON values by name.
Facts = dict[str, Any]

#: Seconds between two looks at a change that the cluster does in its own time.
PAUSE = 0.5


class Unmet(Exception):
    """Something that must hold does not; nothing was written. The message says what, and what to do."""


class Thing:
    """One thing on a cluster that can be changed.

    `subject` names it for people. `free` are facts that may change between plan and apply without making the plan wrong.
    `looks` is how often a change is looked for that the cluster does in its own time.
    """

    subject: str
    free: ClassVar[tuple[str, ...]] = ()
    looks: ClassVar[int] = 1

    def planned(self, expected: Facts) -> Thing:
        """Give the thing as a plan saw it, where what there is to read depends on that."""
        del expected
        return self

    def read(self, api: Papi) -> Facts:
        """Read what is so now; raises Unmet where the thing is not there, PapiError where it cannot be read."""
        raise NotImplementedError

    def aim(self, now: Facts) -> Facts:
        """Give the facts that shall be otherwise, as they shall be; those that are so already do not matter."""
        raise NotImplementedError

    def check(self, now: Facts) -> None:
        """Raise Unmet unless all holds that must hold before the write."""

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Change it; raises PapiError."""
        raise NotImplementedError

    def holds(self, before: Facts, seen: Facts, aim: Facts) -> bool:
        """Tell from what was read after the write whether the change is there."""
        del before
        return all(seen.get(name) == value for name, value in aim.items())

    def lines(self, facts: Facts) -> str:
        """Give facts as text for people, one line for each."""
        return "".join(f"{name}: {value if isinstance(value, str) else json.dumps(value)}\n" for name, value in facts.items())


def main(arguments: Mapping[str, Mapping[str, Any]], make: Callable[[dict[str, Any]], Thing]) -> None:
    """Run as a module: `make` gives the thing that the arguments are about, and may raise Unmet for wrong ones."""
    spec = {name: dict(argument) for name, argument in arguments.items()}
    module = AnsibleModule(argument_spec={**spec, "expect_before": {"type": "dict"}}, supports_check_mode=True)
    given = dict(module.params)
    expected = given.pop("expect_before")
    try:
        thing = make(given)
        found = run(thing.planned(expected) if expected else thing, expected, check_mode=module.check_mode)
    except Unmet as problem:
        found = _refused(problem)
    except PapiError as problem:
        found = {"failed": True, "outcome": "failed", "attempted": False, "changed": False, "msg": str(problem)}
    if found.pop("failed", False):
        module.fail_json(**found)
    module.exit_json(**found)


def run(thing: Thing, expected: Facts | None, *, check_mode: bool) -> dict[str, Any]:
    """Do it all in one session; gives what the task returns."""
    with Papi(Connection.from_environment()) as api:
        now = thing.read(api)
        aim = {name: value for name, value in thing.aim(now).items() if now.get(name) != value}
        facts = {"before": bound(thing, now), "after": {**bound(thing, now), **aim}}
        if not aim:
            return {**facts, "changed": False, "attempted": False, "verified": True}
        try:
            _compare(thing, now, expected)
            thing.check(now)
        except Unmet as problem:
            return {**facts, **_refused(problem)}
        if check_mode:
            return {**facts, **_changed(thing, now, aim), "attempted": False, "verified": False}
        return {**facts, **_write(api, thing, now, aim)}


def bound(thing: Thing, now: Facts) -> Facts:
    """Give the facts that a plan binds: if one of them is otherwise later, the plan is void."""
    return {name: value for name, value in now.items() if name not in thing.free}


def _compare(thing: Thing, now: Facts, expected: Facts | None) -> None:
    """Raise Unmet unless all is as it was planned upon."""
    if expected is None or bound(thing, now) == expected:
        return
    names = sorted(name for name in {*bound(thing, now), *expected} if now.get(name) != expected.get(name))
    moved = "; ".join(f"{name} is {_short(now.get(name))} and was {_short(expected.get(name))}" for name in names)
    raise Unmet(f"{thing.subject} changed since the plan: {moved}. Plan it anew.")


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - what fits in a line


def _refused(problem: Unmet) -> dict[str, Any]:
    return {"failed": True, "outcome": "precondition_failed", "attempted": False, "changed": False, "msg": str(problem)}


def _changed(thing: Thing, now: Facts, aim: Facts) -> dict[str, Any]:
    """Give the exact difference."""
    sides = {"before": thing.lines({name: now.get(name) for name in aim}), "after": thing.lines(aim)}
    return {"changed": True, "diff": {**sides, "before_header": thing.subject, "after_header": thing.subject}}


def _write(api: Papi, thing: Thing, now: Facts, aim: Facts) -> dict[str, Any]:
    """Write and read again. When the answer says that the write failed, look what is true and tell that."""
    try:
        thing.write(api, now, aim)
    except PapiError as problem:
        seen = _seen(api, thing)
        moved = seen is None or any(seen.get(name) != now.get(name) for name in aim)
        failure = {"failed": True, "outcome": "failed", "attempted": True, "changed": moved, "verified": False}
        return {**failure, "after": seen and bound(thing, seen), "msg": str(problem)}
    try:
        doubt = _doubt(api, thing, now, aim)
    except (PapiError, Unmet) as problem:
        doubt = str(problem)
    return {**_changed(thing, now, aim), "attempted": True, "verified": not doubt, "doubt": doubt}


def _doubt(api: Papi, thing: Thing, now: Facts, aim: Facts) -> str:
    """Look whether the change is there; gives what is there instead, or nothing."""
    seen: Facts = {}
    for look in range(thing.looks):
        if look:
            time.sleep(PAUSE)
        seen = thing.read(api)
        if thing.holds(now, seen, aim):
            return ""
    there = "; ".join(f"{name} is {_short(seen.get(name))}" for name in aim)
    return f"The cluster took the change and does not have it: {there}."


def _seen(api: Papi, thing: Thing) -> Facts | None:
    """Give what is so after a write without a good answer, or None where that cannot be read."""
    try:
        return thing.read(api)
    except (PapiError, Unmet):
        return None
