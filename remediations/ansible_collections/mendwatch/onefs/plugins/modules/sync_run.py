# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Start one SyncIQ policy's job."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: sync_run
short_description: Start the job of one SyncIQ policy
version_added: "0.1.0"
description:
  - Finds the policy of a name and starts a job that does what the policy always does.
  - A policy whose job is at work is left alone.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  policy:
    description: The name of the policy, compared byte by byte.
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
    description: Gives the state of the newest job before, and that one runs after.
"""

EXAMPLES = r"""
- name: Copy now
  mendwatch.onefs.sync_run:
    policy: projects-to-dr
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
from ansible_collections.mendwatch.onefs.plugins.module_utils.synciq import find

JOBS = "15/sync/jobs"
SETTINGS = "16/sync/settings"
#: The states of a newest job that is not over.
AT_WORK = ("running", "pending", "scheduled")
ARGUMENTS = {"policy": {"type": "str", "required": True}}


@dataclass(frozen=True)
class Run(Thing):
    """One policy whose job shall run."""

    policy: str
    looks: ClassVar[int] = 10

    @property
    def subject(self) -> str:
        """The policy's name."""
        return f"SyncIQ policy {self.policy}"

    def read(self, api: Papi) -> Facts:
        """Read the policy, when its newest job began, and whether the service lets jobs run."""
        service = (api.get(SETTINGS).get("settings") or {}).get("service")
        return {**find(api, self.policy, "last_started"), "service": service}

    def aim(self, now: Facts) -> Facts:
        """Want a job unless one is at work."""
        return {} if now["last_job_state"] in AT_WORK else {"last_job_state": "running"}

    def check(self, now: Facts) -> None:
        """Only a policy that could start by itself is started."""
        if now["service"] != "on":
            raise Unmet("The SyncIQ service is off or paused: no job starts. Switch it on first.")
        if not now["enabled"]:
            raise Unmet(f"{self.subject} is disabled. Enable it first, if nobody disabled it on purpose.")
        if now["conflicted"] or now["last_job_state"] == "needs_attention":
            raise Unmet(f"{self.subject} needs attention: a person must resolve or reset it first, see its reports.")
        if now["last_job_state"] == "paused":
            raise Unmet(f"{self.subject} has a paused job. Resume or cancel that one by hand.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Start a job; without an action it does what the policy always does."""
        del aim
        api.post(JOBS, {"id": now["id"]})

    def holds(self, before: Facts, seen: Facts, aim: Facts) -> bool:
        """A short job may be over before anybody looks."""
        del aim
        return seen["last_job_state"] in AT_WORK or seen["last_started"] != before["last_started"]


def make(given: dict[str, Any]) -> Run:
    """Read the arguments."""
    return Run(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
