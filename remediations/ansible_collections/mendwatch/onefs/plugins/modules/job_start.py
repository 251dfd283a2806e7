# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Start one job of the Job Engine, if none of its type is active."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: job_start
short_description: Start one job of the Job Engine
version_added: "0.1.0"
description:
  - Starts the job that deletes what waits to be deleted of snapshots, if none is active and something waits.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  type:
    description: The type of the job.
    type: str
    required: true
    choices: [SnapshotDelete]
  expect_before:
    description: What must be so now, as the task's RV(before) gave it in check mode; if it differs, nothing is written.
    type: dict
attributes:
  check_mode:
    support: full
    description: Reads, and writes nothing.
  diff_mode:
    support: full
    description: Gives whether a job is active, before and after.
"""

EXAMPLES = r"""
- name: Delete what waits
  mendwatch.onefs.job_start:
    type: SnapshotDelete
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

JOBS = "10/job/jobs"
RECENT = "3/job/recent"
SUMMARY = "16/job/job-summary"
SNAPSHOTS = "1/snapshot/snapshots-summary"
#: The states of a job that goes on by itself.
GOING = ("running", "waiting")
#: As many ended jobs are looked through for the newest of the type.
LATELY = "100"
ARGUMENTS = {"type": {"type": "str", "required": True, "choices": ["SnapshotDelete"]}}


@dataclass(frozen=True)
class Start(Thing):
    """One type of job, of which one shall be active. How much waits, and which one ended last, changes by itself."""

    type: str
    free: ClassVar[tuple[str, ...]] = ("deleting", "newest")
    looks: ClassVar[int] = 10

    @property
    def subject(self) -> str:
        """The type."""
        return f"{self.type} job"

    def read(self, api: Papi) -> Facts:
        """Read whether one is active, which one ended last, what waits for it, and whether the Job Engine works."""
        active = [job.get("state") for job in api.every(JOBS, "jobs") if job.get("type") == self.type]
        ended = [job.get("id") for job in api.get(RECENT, limit=LATELY).get("recent_jobs") or [] if job.get("type") == self.type]
        engine = (api.get(SUMMARY).get("summary") or {}).get("job_d_enabled")
        return {
            "job": active[0] if active else "none",
            "engine": "on" if engine else "off",
            "deleting": (api.get(SNAPSHOTS).get("summary") or {}).get("deleting_count") or 0,
            "newest": max(ended, default=None),
        }

    def aim(self, now: Facts) -> Facts:
        """Want a job unless one goes on."""
        return {} if now["job"] in GOING else {"job": "running"}

    def check(self, now: Facts) -> None:
        """A job is started where there is none, and something for it to do."""
        if now["job"] != "none":
            raise Unmet(f"A {self.subject} is there and is {now['job']}. Resume that one instead.")
        if now["engine"] != "on":
            raise Unmet("The Job Engine is switched off. Switch it on first.")
        if not now["deleting"]:
            raise Unmet("No snapshot waits to be deleted.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Queue it, with the priority and impact that its type has."""
        del now, aim
        api.post(JOBS, {"type": self.type})

    def holds(self, before: Facts, seen: Facts, aim: Facts) -> bool:
        """A short job may be over before anybody looks."""
        del aim
        return seen["job"] != "none" or seen["newest"] != before["newest"]


def make(given: dict[str, Any]) -> Start:
    """Read the arguments."""
    return Start(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
