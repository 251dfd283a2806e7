# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Resolve the open event groups of one cause, or open them again."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: event_groups
short_description: Resolve OneFS event groups of one cause
version_added: "0.1.0"
description:
  - Resolves the open event groups of one severity that share the cause which most of them have. Others stay open.
  - With O(expect_before) it looks at the event groups of that list and at no others.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  severity:
    description: The severity that they have.
    type: str
    required: true
    choices: [information, warning, critical, emergency]
  most:
    description: How many may be resolved. Where more are open, nothing is.
    type: int
    required: true
  restore:
    description: What was open before, as RV(before) gave it; what of it is resolved is opened again.
    type: dict
  expect_before:
    description: What must be so now, as the task's RV(before) gave it in check mode; if it differs, nothing is written.
    type: dict
attributes:
  check_mode:
    support: full
    description: Reads, and writes nothing.
  diff_mode:
    support: full
    description: Gives how many are open, before and after.
"""

EXAMPLES = r"""
- name: Resolve what a directory that was full has caused
  mendwatch.onefs.event_groups:
    severity: warning
    most: 500
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

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.mendwatch.onefs.plugins.module_utils.change import Facts, Thing, Unmet, main
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Papi, PapiError

GROUPS = "12/event/eventgroup-occurrences"
#: An empty id would address, and resolve, every event group of the cluster; a dot or a slash another resource.
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
ARGUMENTS = {
    "severity": {"type": "str", "required": True, "choices": ["critical", "emergency", "information", "warning"]},
    "most": {"type": "int", "required": True},
    "restore": {"type": "dict"},
}


@dataclass(frozen=True)
class Groups(Thing):
    """The open event groups of one cause; `ids` are those of a plan, and then no others are looked at."""

    severity: str
    most: int
    restore: Facts | None
    ids: tuple[str, ...] | None = None

    @property
    def subject(self) -> str:
        """Their severity."""
        return f"{self.severity} event groups"

    def planned(self, expected: Facts) -> Groups:
        """Look at the event groups of a plan only: meanwhile more may have opened."""
        return replace(self, ids=_ids(expected))

    def read(self, api: Papi) -> Facts:
        """Read those that are open, of the cause that most have."""
        rows = [one for one in api.every(GROUPS, "eventgroups", resolved="false", severity=self.severity) if not one.get("ignore")]
        if any(not IDENTIFIER.match(str(one.get("id"))) for one in rows):
            raise PapiError("The cluster tells an event group without a proper id.")
        meant = rows if self.ids is None else [one for one in rows if str(one["id"]) in self.ids]
        cause = next(iter(Counter(map(_cause, meant)).most_common(1)), ("", 0))[0]
        return {"open": sorted(str(one["id"]) for one in meant if _cause(one) == cause), "cause": cause}

    def aim(self, now: Facts) -> Facts:
        """Want none of them open, or those of before."""
        del now
        return {"open": sorted(self.restore["open"]) if self.restore else []}

    def check(self, now: Facts) -> None:
        """They must be no more than may be, and have a cause that can be told from others."""
        if len(now["open"]) > self.most:
            raise Unmet(
                f"{len(now['open'])} event groups of {now['cause']} are open, and at most {self.most} may be resolved at once."
            )
        if not self.restore and not now["cause"]:
            raise Unmet("The event groups do not tell their cause.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Mark one after the other, and stop at the first that fails."""
        gone = bool(self.restore)
        for key in sorted(set(aim["open"]) - set(now["open"]) if gone else set(now["open"])):
            api.put(f"{GROUPS}/{key}", {"resolved": not gone})

    def holds(self, before: Facts, seen: Facts, aim: Facts) -> bool:
        """None of them may be open; others may have opened."""
        gone = set(before["open"]) & set(seen["open"]) if not self.restore else set(aim["open"]) - set(seen["open"])
        return not gone

    def lines(self, facts: Facts) -> str:
        """Give how many there are, and which."""
        listed = facts["open"]
        return f"open: {len(listed)}{f' ({listed[0]} to {listed[-1]})' if listed else ''}\n"


def _cause(one: dict[str, Any]) -> str:
    """Give the name of what opened it."""
    causes = one.get("causes") or []
    return str(causes[0][0]) if causes and isinstance(causes[0], list) and causes[0] else ""


def _ids(facts: Facts) -> tuple[str, ...]:
    listed = facts.get("open")
    if not isinstance(listed, list) or not all(isinstance(one, str) and IDENTIFIER.match(one) for one in listed):
        raise Unmet("This is no list of event groups as check mode gives it.")
    return tuple(listed)


def make(given: dict[str, Any]) -> Groups:
    """Read the arguments."""
    return Groups(**given, ids=_ids(given["restore"]) if given["restore"] else None)


if __name__ == "__main__":
    main(ARGUMENTS, make)
