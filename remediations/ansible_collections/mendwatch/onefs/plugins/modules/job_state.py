# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Resume or pause one job of the Job Engine by compare-and-set."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: job_state
short_description: Resume or pause one job of the Job Engine
version_added: "0.1.0"
description:
  - Resumes a job that a person paused, or pauses it again.
  - It never touches what the cluster itself paused, nor a job that repairs data.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  id:
    description: The number of the job.
    type: str
    required: true
  type:
    description: The type that the job must have.
    type: str
    required: true
  state:
    description: What the job shall do.
    type: str
    required: true
    choices: [running, paused]
  expect_before:
    description: What must be so now, as the task's RV(before) gave it in check mode; if it differs, nothing is written.
    type: dict
attributes:
  check_mode:
    support: full
    description: Reads, and writes nothing.
  diff_mode:
    support: full
    description: Gives the state before and after.
"""

EXAMPLES = r"""
- name: Let it go on
  mendwatch.onefs.job_state:
    id: "271"
    type: MediaScan
    state: running
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
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from ansible_collections.mendwatch.onefs.plugins.module_utils.change import Facts, Thing, Unmet, main
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Papi, PapiError, segment

JOBS = "10/job/jobs"
#: The states of a job that goes on by itself.
GOING = ("running", "waiting")
#: What a job is told, and what it is then.
ORDERS = {"running": ("run", "running"), "paused": ("pause", "paused_user")}
#: The state of a job that is not there any more: it was not active, or has just ended.
GONE = "gone"
IDENTIFIER = re.compile(r"[0-9]{1,10}\Z")
ARGUMENTS = {
    "id": {"type": "str", "required": True},
    "type": {"type": "str", "required": True},
    "state": {"type": "str", "required": True, "choices": sorted(ORDERS)},
}


@dataclass(frozen=True)
class Job(Thing):
    """One job and what it shall do."""

    id: str
    type: str
    state: str

    @property
    def subject(self) -> str:
        """Its type and number."""
        return f"{self.type} job {self.id}"

    def read(self, api: Papi) -> Facts:
        """Read it; a job that is over is not there."""
        try:
            jobs = api.get(f"{JOBS}/{segment(self.id)}").get("jobs") or []
        except PapiError as problem:
            if problem.status != HTTPStatus.NOT_FOUND:
                raise
            jobs = []
        mine = [job for job in jobs if str(job.get("id")) == self.id]
        return {"type": mine[0].get("type"), "state": mine[0].get("state")} if mine else {"type": None, "state": GONE}

    def aim(self, now: Facts) -> Facts:
        """Want another state unless it goes on by itself, where that is wanted."""
        goes = self.state == "running" and now["state"] in GOING and now["type"] == self.type
        return {} if goes else {"state": ORDERS[self.state][1]}

    def check(self, now: Facts) -> None:
        """Only what a person paused is resumed, and only what goes on is paused."""
        if now["type"] is None:
            raise Unmet(f"There is no active job {self.id}.")
        if now["type"] != self.type:
            raise Unmet(f"Job {self.id} is a {now['type']} job, not {self.type}.")
        if self.type.startswith("FlexProtect"):
            raise Unmet(f"{self.subject} repairs data: the cluster alone decides when it runs.")
        if self.state == "running" and now["state"] != "paused_user":
            raise Unmet(f"{self.subject} is {now['state']}: no person paused it, so none resumes it.")
        if self.state == "paused" and now["state"] not in GOING:
            raise Unmet(f"{self.subject} is {now['state']} and cannot be paused.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Give the order."""
        del now, aim
        api.put(f"{JOBS}/{segment(self.id)}", {"state": ORDERS[self.state][0]})

    def holds(self, before: Facts, seen: Facts, aim: Facts) -> bool:
        """A job that goes on may wait for its turn, or be over before anybody looks."""
        del before
        goes_on = not str(seen["state"]).startswith("paused_user")
        return goes_on if self.state == "running" else seen["state"] == aim["state"]


def make(given: dict[str, Any]) -> Job:
    """Read the arguments."""
    if not IDENTIFIER.match(given["id"]):
        raise Unmet(f"{given['id']!r} is not the number of a job.")
    return Job(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
