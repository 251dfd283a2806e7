# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Delete snapshots whose time is over and that nothing keeps."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: expired_snapshots
short_description: Delete expired snapshots
version_added: "0.1.0"
description:
  - Deletes a bounded number of snapshots that have expired by the cluster's own clock, those first that expired first.
  - It leaves those that are locked, that are or have an alias, and those that the system makes for itself, SyncIQ's among them.
  - With O(expect_before) it looks at the snapshots of that list and at no others.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  most:
    description: How many are deleted at most.
    type: int
    required: true
  overdue_seconds:
    description: How long they must have been expired.
    type: int
    required: true
  expect_before:
    description: What must be so now, as the task's RV(before) gave it in check mode; if it differs, nothing is written.
    type: dict
attributes:
  check_mode:
    support: full
    description: Reads, and writes nothing.
  diff_mode:
    support: full
    description: Gives each snapshot that goes.
"""

EXAMPLES = r"""
- name: Delete the twenty oldest that are a day overdue
  mendwatch.onefs.expired_snapshots:
    most: 20
    overdue_seconds: 86400
"""

RETURN = r"""
before:
  description: What was found.
  type: dict
  returned: when it could be read
after:
  description: What is there now, or would be in check mode.
  type: dict
  returned: when it could be read
attempted:
  description: Whether a write was sent.
  type: bool
  returned: always
verified:
  description: Whether it was read again after the write and is as it shall be.
  type: bool
  returned: success
outcome:
  description: precondition_failed when something that must hold does not, failed for everything else.
  type: str
  returned: failure
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, ClassVar

from ansible_collections.mendwatch.onefs.plugins.module_utils.change import Facts, Thing, Unmet, main
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Papi, PapiError, segment

SNAPSHOTS = "1/snapshot/snapshots"
CLOCK = "3/cluster/time"
#: How the names of snapshots begin that the system makes for itself, in small letters.
SYSTEM = ("siq", "fsa", "isi_", "ndmp", "cloudpools")
#: More are not deleted at once, whatever is asked for.
MOST = 100
ARGUMENTS = {
    "most": {"type": "int", "required": True},
    "overdue_seconds": {"type": "int", "required": True},
}


@dataclass(frozen=True)
class Expired(Thing):
    """The snapshots that shall go; `ids` are those of a plan, and then no others are looked at."""

    most: int
    overdue_seconds: int
    ids: tuple[int, ...] | None = None
    subject: ClassVar[str] = "expired snapshots"

    def planned(self, expected: Facts) -> Expired:
        """Look at the snapshots of a plan only: meanwhile others may have expired."""
        listed = expected.get("snapshots")
        if not isinstance(listed, list) or not all(isinstance(one, dict) and isinstance(one.get("id"), int) for one in listed):
            raise Unmet("expect_before is no list of snapshots as check mode gives it.")
        return replace(self, ids=tuple(one["id"] for one in listed))

    def read(self, api: Papi) -> Facts:
        """Read those that have expired, or those of the plan that are still there."""
        if self.ids is None:
            latest = _now(api) - self.overdue_seconds
            due = [one for one in api.every(SNAPSHOTS, "snapshots", state="active") if _may_go(one, latest)]
            return {"snapshots": [_row(one) for one in sorted(due, key=_age)[: self.most]]}
        return {"snapshots": [_row(one) for key in self.ids for one in _one(api, key)]}

    def aim(self, now: Facts) -> Facts:
        """Want them gone."""
        del now
        return {"snapshots": []}

    def check(self, now: Facts) -> None:
        """Look once more that nothing keeps them: a plan may be a few hours old."""
        kept = [one["name"] for one in now["snapshots"] if one["locked"] or _is_system(one["name"])]
        if kept or len(now["snapshots"]) > self.most:
            raise Unmet(f"Snapshots are kept, or there are more than {self.most}: {', '.join(map(str, kept))}. Plan it anew.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Delete one after the other, and stop at the first that fails."""
        del aim
        for done, one in enumerate(now["snapshots"]):
            try:
                api.delete(f"{SNAPSHOTS}/{segment(one['id'])}")
            except PapiError as problem:
                if problem.status != HTTPStatus.NOT_FOUND:
                    total = len(now["snapshots"])
                    raise PapiError(f"{done} of {total} snapshots were deleted before this: {problem}", problem.status) from problem

    def holds(self, before: Facts, seen: Facts, aim: Facts) -> bool:
        """None of them may be there; without a plan others may be."""
        del aim
        return not ({one["id"] for one in before["snapshots"]} & {one["id"] for one in seen["snapshots"]})

    def lines(self, facts: Facts) -> str:
        """Give each snapshot as a line."""
        return "".join(f"{_line(one)}\n" for one in facts["snapshots"])


def _now(api: Papi) -> int:
    """Give the time by the cluster's slowest clock: by it the fewest have expired."""
    times = [node["time"] for node in api.get(CLOCK).get("nodes") or [] if isinstance(node.get("time"), int)]
    if not times:
        raise Unmet("No node tells its time, so nobody knows what has expired.")
    return min(times)


def _may_go(one: dict[str, Any], latest: int) -> bool:
    expires = one.get("expires")
    due = isinstance(expires, int) and 0 < expires <= latest and one.get("state") == "active"
    kept = one.get("has_locks") is not False or one.get("alias") or one.get("target_id") is not None
    return due and not kept and not _is_system(one.get("name"))


def _is_system(name: object) -> bool:
    """Tell whether the system made it; without a name nobody knows."""
    return not isinstance(name, str) or name.lower().startswith(SYSTEM)


def _age(one: dict[str, Any]) -> tuple[int, int]:
    return one["expires"], one["id"]


def _one(api: Papi, key: int) -> Iterator[dict[str, Any]]:
    """Give a snapshot if it is there and not yet on its way out."""
    try:
        found = api.get(f"{SNAPSHOTS}/{segment(key)}").get("snapshots") or []
    except PapiError as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        return
    yield from (one for one in found if one.get("id") == key and one.get("state") == "active")


def _row(one: dict[str, Any]) -> Facts:
    locked = one.get("has_locks") is not False or bool(one.get("alias"))
    return {**{name: one.get(name) for name in ("id", "name", "path", "created", "expires")}, "locked": locked}


def _line(one: Facts) -> str:
    name, path = (json.dumps(one[field], ensure_ascii=False) for field in ("name", "path"))
    return f"snapshot {one['id']} {name} of {path}, made {one['created']}, expired {one['expires']}"


def make(given: dict[str, Any]) -> Expired:
    """Read the arguments."""
    if not 1 <= given["most"] <= MOST or given["overdue_seconds"] < 0:
        raise Unmet(f"most is from 1 to {MOST}, and overdue_seconds not below 0.")
    return Expired(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
