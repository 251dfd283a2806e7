# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Ask the cluster for its own repair of what HealthCheck found."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: repair
short_description: Ask for one repair of OneFS itself
version_added: "0.1.0"
description:
  - Asks for the repair that OneFS 9.12 and later has for an item of HealthCheck and waits to be asked for.
  - Where the cluster repairs by itself, it is left to do so.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  item:
    description: The id of the item.
    type: str
    required: true
  checklist:
    description: The checklist by which it was found.
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
    description: Gives how the repair stands, before and after.
"""

EXAMPLES = r"""
- name: Have the cluster mend its boot mirrors
  mendwatch.onefs.repair:
    item: mirror_health
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

EVALUATIONS = "23/healthcheck/evaluations"
REQUESTS = "23/repair/requests"
SETTINGS = "23/repair/settings"
NEEDED = "nobody asked for it"
ASKED = "asked for"
ARGUMENTS = {
    "item": {"type": "str", "required": True},
    "checklist": {"type": "str", "required": True},
}


@dataclass(frozen=True)
class Repair(Thing):
    """The repair of one item, as the newest completed examination tells of it."""

    item: str
    checklist: str
    looks: ClassVar[int] = 10

    @property
    def subject(self) -> str:
        """The item."""
        return f"repair of {self.item}"

    def read(self, api: Papi) -> Facts:
        """Read it; raises Unmet where the item is well, or has no repair."""
        listed = [one for one in api.every(EVALUATIONS, "evaluations") if one.get("checklist_id") == self.checklist]
        newest = max((one for one in listed if one.get("run_status") == "COMPLETED"), key=_queued, default={})
        states = {
            _state(one) for one in newest.get("details") or [] if one.get("id") == self.item and one.get("passed") is not True
        }
        if not states - {None}:
            raise Unmet(f"The newest examination by {self.checklist} finds nothing about {self.item} that OneFS could repair.")
        settings = api.get(SETTINGS)
        return {
            "repair": NEEDED if "ACTION_NEEDED" in states else ASKED,
            "evaluation": newest.get("id"),
            "enabled": settings.get("repair_enabled"),
            "behaviour": settings.get("repair_behavior"),
        }

    def aim(self, now: Facts) -> Facts:
        """Want it to be asked for."""
        del now
        return {"repair": ASKED}

    def check(self, now: Facts) -> None:
        """The cluster must allow it, and not do it by itself."""
        if now["enabled"] is not True:
            raise Unmet("Repair is disabled on this cluster. Enable it first: isi repair settings.")
        if now["behaviour"] != "manual":
            raise Unmet("The cluster repairs by itself: leave it to that.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Ask for it, for the examination that was looked at."""
        del aim
        api.post(REQUESTS, {"item_id": self.item, "source_id": now["evaluation"], "source_type": "HEALTHCHECK"})


def _state(one: dict[str, Any]) -> str | None:
    repair = one.get("repair")
    return str(repair.get("status")) if isinstance(repair, dict) else None


def _queued(one: dict[str, Any]) -> float:
    """Give when it was asked for, as the cluster counts."""
    at = one.get("queue_time")
    return float(at) if isinstance(at, int | float) else 0.0


def make(given: dict[str, Any]) -> Repair:
    """Read the arguments."""
    return Repair(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
