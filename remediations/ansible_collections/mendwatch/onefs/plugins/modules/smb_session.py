# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""End the quietest SMB session of a node that holds files open."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: smb_session
short_description: End one SMB session
version_added: "0.1.0"
description:
  - Ends the session of a node that has been idle longest, if it holds files open; what its client did not save is lost.
  - With O(expect_before) it looks at the session of that id and at no other.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  node:
    description: The logical number of the node.
    type: int
    required: true
  idle_seconds:
    description: How long the session must have been idle at least.
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
    description: Gives whose session it is, before and after.
"""

EXAMPLES = r"""
- name: End the session of a client of node 3 that has slept for two hours
  mendwatch.onefs.smb_session:
    node: 3
    idle_seconds: 7200
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
from typing import Any, ClassVar

from ansible_collections.mendwatch.onefs.plugins.module_utils.change import Facts, Thing, Unmet, main
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Papi, segment

SESSIONS = "11/protocols/smb/sessions"
ENDED = {"session": "ended"}
ARGUMENTS = {
    "node": {"type": "int", "required": True},
    "idle_seconds": {"type": "int", "required": True},
}


@dataclass(frozen=True)
class Session(Thing):
    """The quietest session of a node; `id` and `active` (seconds) are those of a plan, and then no other is looked at."""

    node: int
    idle_seconds: int
    id: int | None = None
    free: ClassVar[tuple[str, ...]] = ("idle_seconds", "open_files")

    @property
    def subject(self) -> str:
        """Its node."""
        return f"SMB session of node {self.node}"

    def planned(self, expected: Facts) -> Session:
        """Look at the session of a plan only: meanwhile another one may be the quietest."""
        if not isinstance(expected.get("id"), int):
            raise Unmet("expect_before is no session as check mode gives it.")
        return replace(self, id=expected["id"])

    def read(self, api: Papi) -> Facts:
        """Read the quietest, or the planned one; raises Unmet where no session holds a file open."""
        listed = [one for one in _of_node(api, self.node) if self._is_meant(one)]
        if listed:
            return _facts(max(listed, key=_quiet))
        if self.id is None:
            raise Unmet(f"No session of node {self.node} holds a file open.")
        return ENDED

    def aim(self, now: Facts) -> Facts:
        """Want it ended."""
        del now
        return ENDED

    def check(self, now: Facts) -> None:
        """Its client must sleep, now as when it was planned, and hold something."""
        if not isinstance(now["idle_seconds"], int) or now["idle_seconds"] < self.idle_seconds:
            raise Unmet(f"The session is idle for {now['idle_seconds']} s only: its client is awake.")
        if not now["open_files"]:
            raise Unmet("The session holds no file open.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """End that one."""
        del aim
        api.delete(f"{SESSIONS}/{segment(now['id'])}")

    def holds(self, before: Facts, seen: Facts, aim: Facts) -> bool:
        """It is ended where no session has its id."""
        del aim
        return seen.get("id") != before["id"]

    def _is_meant(self, one: dict[str, Any]) -> bool:
        if self.id is not None:
            return one.get("id") == self.id
        return isinstance(one.get("id"), int) and isinstance(one.get("idle_time"), int) and bool(one.get("openfiles"))


def _of_node(api: Papi, node: int) -> Iterator[dict[str, Any]]:
    for part in api.every(SESSIONS, "nodes", lnn=str(node)):
        if part.get("lnn") == node:
            yield from part.get("sessions") or []


def _quiet(one: dict[str, Any]) -> tuple[int, int]:
    return one["idle_time"], one["id"]


def _facts(one: dict[str, Any]) -> Facts:
    who = json.dumps(one.get("user"), ensure_ascii=False)
    return {
        "session": f"of {who} at {one.get('computer')}",
        "id": one["id"],
        "idle_seconds": one.get("idle_time"),
        "open_files": one.get("openfiles"),
    }


def make(given: dict[str, Any]) -> Session:
    """Read the arguments."""
    return Session(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
