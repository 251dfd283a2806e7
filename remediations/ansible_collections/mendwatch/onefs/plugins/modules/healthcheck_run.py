# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Have HealthCheck examine the cluster by one checklist."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: healthcheck_run
short_description: Run one checklist of HealthCheck
version_added: "0.1.0"
description:
  - Starts one examination by one checklist, unless one waits or goes on.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  checklist:
    description: The id of the checklist.
    type: str
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
    description: Gives how the newest examination stands, before and after.
"""

EXAMPLES = r"""
- name: Examine the cluster anew
  mendwatch.onefs.healthcheck_run:
    checklist: basic
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

from dataclasses import dataclass
from typing import Any, ClassVar

from ansible_collections.mendwatch.onefs.plugins.module_utils.change import Facts, Thing, Unmet, main
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Papi

EVALUATIONS = "3/healthcheck/evaluations"
CHECKLISTS = "3/healthcheck/checklists"
#: The words for an examination that goes on by itself.
GOING = ("QUEUED", "RUNNING")
ASKED = "queued or running"
ARGUMENTS = {"checklist": {"type": "str", "required": True}}


@dataclass(frozen=True)
class Run(Thing):
    """The newest examination by one checklist."""

    checklist: str
    looks: ClassVar[int] = 10

    @property
    def subject(self) -> str:
        """The checklist."""
        return f"HealthCheck {self.checklist}"

    def read(self, api: Papi) -> Facts:
        """Read it; raises Unmet where there is no such checklist."""
        if not any(one.get("id") == self.checklist for one in api.every(CHECKLISTS, "checklists")):
            raise Unmet(f"There is no checklist {self.checklist}.")
        listed = [one for one in api.every(EVALUATIONS, "evaluations") if one.get("checklist_id") == self.checklist]
        going = [one for one in listed if one.get("run_status") in GOING]
        if going:
            return {"newest": ASKED, "id": going[-1].get("id")}
        newest = max(listed, key=_started, default={})
        return {"newest": str(newest.get("run_status", "none")).lower(), "id": newest.get("id")}

    def aim(self, now: Facts) -> Facts:
        """Want one that goes on."""
        del now
        return {"newest": ASKED}

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Ask for it."""
        del now, aim
        api.post(EVALUATIONS, {"checklist_id": self.checklist})

    def holds(self, before: Facts, seen: Facts, aim: Facts) -> bool:
        """A short one may be over before anybody looks."""
        del aim
        return seen["id"] != before["id"]


def _started(one: dict[str, Any]) -> str:
    """Give when it started: a date and time of the cluster, or, on some releases, a number of as many digits for each."""
    return str(one.get("start_time") or "")


def make(given: dict[str, Any]) -> Run:
    """Read the arguments."""
    return Run(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
