# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Set the hard limit of one quota by compare-and-set."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: quota_limit
short_description: Set the hard limit of one OneFS quota
version_added: "0.1.0"
description:
  - Finds the quota of a path, checks what must hold, and sets its hard limit.
  - A path can have two quotas of one type, with and without snapshots; then it fails, because either could be meant.
  - Without I(hard) it only reads.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  path:
    description: The path that the quota governs, compared byte by byte.
    type: str
    required: true
  type:
    description: The type of the quota.
    type: str
    choices: [directory, user, group, default-directory, default-user, default-group]
    default: directory
  hard:
    description: The hard limit to set, in bytes; a fraction is cut off.
    type: raw
  expect_before:
    description: The hard limit in bytes that must be there now; if it differs, nothing is written.
    type: raw
  max_increase_ratio:
    description: How many times the present limit the new one may be at most.
    type: float
  allow_decrease:
    description: Whether the limit may become smaller. It never becomes smaller than what is used.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Reads, and writes nothing.
  diff_mode:
    support: full
    description: Gives the limit before and after.
"""

EXAMPLES = r"""
- name: Give the project 11 GiB, if it still has 10
  mendwatch.onefs.quota_limit:
    path: /ifs/data/project
    hard: 11811160064
    expect_before: 10737418240
"""

RETURN = r"""
before_bytes:
  description: The hard limit that was found; null where there is none.
  type: int
  returned: when the quota was found
after_bytes:
  description: The hard limit that is there now, or would be in check mode.
  type: int
  returned: success
usage_bytes:
  description: The bytes that the thresholds of this quota are about.
  type: int
  returned: when the quota was found
attempted:
  description: Whether a write was sent.
  type: bool
  returned: always
outcome:
  description: precondition_failed when something that must hold does not, failed for everything else.
  type: str
  returned: failure
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Connection, Papi, PapiError

#: The resource in the lowest version that has `thresholds_on` and all three kinds of usage.
RESOURCE = "15/quota/quotas"
USAGE = {"applogicalsize": "applogical", "fslogicalsize": "fslogical", "physicalsize": "physical"}
TYPES = ["directory", "user", "group", "default-directory", "default-user", "default-group"]


class Unmet(Exception):
    """Something that must hold does not; nothing was written."""


@dataclass(frozen=True)
class Quota:
    """What the module needs to know of a quota."""

    id: str
    path: str
    hard: int | None
    usage: int | None
    linked: bool
    ready: bool

    @classmethod
    def read(cls, found: dict[str, Any]) -> Quota:
        """Read one quota of an answer."""
        counter, usage = USAGE.get(found.get("thresholds_on") or "", ""), found.get("usage") or {}
        ready = bool(found.get("ready")) and usage.get(f"{counter}_ready", True) is True and usage.get(counter) is not None
        hard = (found.get("thresholds") or {}).get("hard") or None
        return cls(str(found["id"]), str(found["path"]), hard, usage.get(counter), bool(found.get("linked")), ready)


@dataclass(frozen=True)
class Wish:
    """What the task asks for."""

    path: str
    type: str
    hard: int | None
    expect_before: int | None
    max_increase_ratio: float | None
    allow_decrease: bool


def whole_bytes(name: str, value: object) -> int | None:
    """Give a number of bytes as a whole number, cut down; raises Unmet for what is none."""
    if value is None:
        return None
    try:
        number = math.floor(value if isinstance(value, (int, float)) else Fraction(str(value)))
    except (ValueError, OverflowError, ZeroDivisionError):
        raise Unmet(f"{name} must be a number of bytes.") from None
    if number < 1:
        raise Unmet(f"{name} must be at least one byte.")
    return number


def find(api: Papi, wish: Wish) -> Quota:
    """Find the one quota of the path and type; of two, with and without snapshots, nobody said which one is meant."""
    page = api.get(RESOURCE, path=wish.path, type=wish.type)
    matching = [found for found in page.get("quotas") or [] if found.get("path") == wish.path and found.get("type") == wish.type]
    if len(matching) != 1:
        raise Unmet(f"There are {len(matching)} {wish.type} quotas at {wish.path}, not one.")
    return Quota.read(matching[0])


def check(quota: Quota, wish: Wish, hard: int) -> None:
    """Check everything that must hold before the limit of a quota becomes `hard`; raises Unmet."""
    if quota.linked:
        raise Unmet("The quota is linked: its limit belongs to the default quota that made it.")
    if not quota.ready or quota.usage is None:
        raise Unmet("The quota is not ready: its usage is not known until a QuotaScan job has ended.")
    if wish.expect_before is not None and quota.hard != wish.expect_before:
        raise Unmet(f"The hard limit is {quota.hard} bytes now, not {wish.expect_before} as expected.")
    if quota.hard is None:
        raise Unmet("The quota has no hard limit that could be changed.")
    if hard < quota.hard and not wish.allow_decrease:
        raise Unmet(f"The hard limit is {quota.hard} bytes now; {hard} would lower it.")
    if hard < quota.usage:
        raise Unmet(f"{quota.usage} bytes are used; a limit of {hard} would stop every write.")
    if wish.max_increase_ratio and hard > quota.hard * Fraction(str(wish.max_increase_ratio)):
        raise Unmet(f"{hard} bytes is more than {wish.max_increase_ratio} times the present limit of {quota.hard}.")


def result(quota: Quota, after: int | None, *, attempted: bool) -> dict[str, Any]:
    """Give what the task returns; the difference is exact and names the quota by its path."""
    facts = {"quota_id": quota.id, "before_bytes": quota.hard, "after_bytes": after, "usage_bytes": quota.usage}
    changed = after != quota.hard
    if not changed:
        return {**facts, "changed": False, "attempted": attempted}
    sides = {"before": f"hard_limit_bytes: {quota.hard}\n", "after": f"hard_limit_bytes: {after}\n"}
    headers = {"before_header": quota.path, "after_header": quota.path}
    return {**facts, "changed": True, "attempted": attempted, "diff": {**sides, **headers}}


def write(api: Papi, quota: Quota, wish: Wish, hard: int) -> dict[str, Any]:
    """Set the limit; when the answer says that it failed, look what is true and tell that."""
    try:
        api.put(f"{RESOURCE}/{quota.id}", {"thresholds": {"hard": hard}})
    except PapiError as problem:
        return {**result(quota, reread(api, wish, hard), attempted=True), "failed": True, "outcome": "failed", "msg": str(problem)}
    return result(quota, hard, attempted=True)


def reread(api: Papi, wish: Wish, hard: int) -> int | None:
    """Give the limit as it is after a write without an answer; a limit that cannot be read counts as changed."""
    try:
        return find(api, wish).hard
    except (PapiError, Unmet):
        return hard


def run(wish: Wish, *, check_mode: bool) -> dict[str, Any]:
    """Do what the task asks."""
    with Papi(Connection.from_environment()) as api:
        quota = find(api, wish)
        if wish.hard is None or wish.hard == quota.hard:
            return result(quota, quota.hard, attempted=False)
        try:
            check(quota, wish, wish.hard)
        except Unmet as problem:
            facts = result(quota, quota.hard, attempted=False)
            return {**facts, "failed": True, "outcome": "precondition_failed", "msg": str(problem)}
        return result(quota, wish.hard, attempted=False) if check_mode else write(api, quota, wish, wish.hard)


def main() -> None:
    """Run as a module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "str", "required": True},
            "type": {"type": "str", "choices": TYPES, "default": "directory"},
            "hard": {"type": "raw"},
            "expect_before": {"type": "raw"},
            "max_increase_ratio": {"type": "float"},
            "allow_decrease": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    given = dict(module.params)
    try:
        sizes = {name: whole_bytes(name, given.pop(name)) for name in ("hard", "expect_before")}
        found = run(Wish(**given, **sizes), check_mode=module.check_mode)
    except Unmet as problem:
        found = {"failed": True, "outcome": "precondition_failed", "attempted": False, "msg": str(problem)}
    except PapiError as problem:
        found = {"failed": True, "outcome": "failed", "attempted": False, "msg": str(problem)}
    if found.pop("failed", False):
        module.fail_json(**found)
    module.exit_json(**found)


if __name__ == "__main__":
    main()
