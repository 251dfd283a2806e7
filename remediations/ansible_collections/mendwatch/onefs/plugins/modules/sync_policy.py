# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Enable or disable one SyncIQ policy by compare-and-set."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: sync_policy
short_description: Enable or disable one SyncIQ policy
version_added: "0.1.0"
description:
  - Finds the policy of a name and switches whether its schedule starts jobs.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  policy:
    description: The name of the policy, compared byte by byte.
    type: str
    required: true
  enabled:
    description: Whether its schedule shall start jobs.
    type: bool
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
    description: Gives whether it is enabled, before and after.
"""

EXAMPLES = r"""
- name: Let the schedule start jobs again
  mendwatch.onefs.sync_policy:
    policy: projects-to-dr
    enabled: true
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
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Papi, segment
from ansible_collections.mendwatch.onefs.plugins.module_utils.synciq import POLICIES, find

ARGUMENTS = {
    "policy": {"type": "str", "required": True},
    "enabled": {"type": "bool", "required": True},
}


@dataclass(frozen=True)
class Policy(Thing):
    """One policy and whether it shall be enabled. Its newest job may go on meanwhile."""

    policy: str
    enabled: bool
    free: ClassVar[tuple[str, ...]] = ("last_job_state",)

    @property
    def subject(self) -> str:
        """Its name."""
        return f"SyncIQ policy {self.policy}"

    def read(self, api: Papi) -> Facts:
        """Read it; what it copies belongs to what a plan binds."""
        return find(api, self.policy)

    def aim(self, now: Facts) -> Facts:
        """Give what it shall be."""
        del now
        return {"enabled": self.enabled}

    def check(self, now: Facts) -> None:
        """A policy that somebody must resolve first is not enabled."""
        if self.enabled and (now["conflicted"] or now["last_job_state"] == "needs_attention"):
            raise Unmet(f"{self.subject} needs attention: a person must resolve or reset it first, see its reports.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Set the one field, and no other."""
        api.put(f"{POLICIES}/{segment(now['id'])}", {"enabled": aim["enabled"]})


def make(given: dict[str, Any]) -> Policy:
    """Read the arguments."""
    return Policy(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
