# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Make the cluster forget a host that is gone, and with it its NFS locks."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: nfs_lock_host
short_description: Release the NFS locks of a host that is gone
version_added: "0.1.0"
description:
  - Makes the lock manager forget one host that it could not reach, and with it all its locks.
  - A host that answers is never forgotten.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  host:
    description: The name of the host, as the lock manager knows it. Needed where it could not reach several.
    type: str
  expect_before:
    description: What must be so now, as the task's RV(before) gave it in check mode; if it differs, nothing is written.
    type: dict
attributes:
  check_mode:
    support: full
    description: Reads, and writes nothing.
  diff_mode:
    support: full
    description: Gives the host and how many locks it holds, before and after.
"""

EXAMPLES = r"""
- name: Release the locks of a host that will not come back
  mendwatch.onefs.nfs_lock_host:
    host: client9.example.com
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
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from ansible_collections.mendwatch.onefs.plugins.module_utils.change import Facts, Thing, Unmet, main
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Papi, PapiError, segment

HOSTS = "3/protocols/nfs/nlm/sessions"
LOCKS = "16/protocols/nfs/locks"
#: More hosts, or locks, are not looked through: what a list leaves out could be the one that is meant.
MOST = 10_000
FORGOTTEN = {"host": "forgotten"}
ARGUMENTS = {"host": {"type": "str"}}


@dataclass(frozen=True)
class Host(Thing):
    """One host of the lock manager; `id` is that of a plan, and then no other is looked at."""

    host: str | None
    id: str | None = None

    @property
    def subject(self) -> str:
        """Its name, where it has one already."""
        return f"NFS locks of {self.host or 'a host that is gone'}"

    def planned(self, expected: Facts) -> Host:
        """Look at the host of a plan only: meanwhile another one may be gone as well."""
        if not isinstance(expected.get("id"), str):
            raise Unmet("expect_before is no host as check mode gives it.")
        return replace(self, id=expected["id"])

    def read(self, api: Papi) -> Facts:
        """Read it, and what it holds; raises Unmet where no host, or more than one, could be meant."""
        listed = [one for one in _all(api, HOSTS, "clients") if self._is_meant(one)]
        if len(listed) > 1:
            names = ", ".join(sorted(json.dumps(one.get("hostname"), ensure_ascii=False) for one in listed))
            raise Unmet(f"{len(listed)} hosts could not be told to reclaim their locks: {names}. Say which one is gone for ever.")
        if listed:
            return _facts(api, listed[0])
        if self.id is None:
            raise Unmet(f"The lock manager knows no host {self.host or 'that it could not reach'}.")
        return FORGOTTEN

    def aim(self, now: Facts) -> Facts:
        """Want it forgotten."""
        del now
        return FORGOTTEN

    def check(self, now: Facts) -> None:
        """A host that answers needs its locks."""
        if not now["error"]:
            raise Unmet(f"{now['hostname']} can be reached, so its locks are its own.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Forget that one."""
        del aim
        api.delete(f"{HOSTS}/{segment(now['id'])}")

    def _is_meant(self, one: dict[str, Any]) -> bool:
        if not isinstance(one.get("id"), str):
            return False
        if self.id is not None:
            return bool(one["id"] == self.id)
        return one.get("hostname") == self.host if self.host is not None else bool(one.get("notify_error"))


def _facts(api: Papi, one: dict[str, Any]) -> Facts:
    name, held = one.get("hostname"), _held(api, one.get("hostname"))
    locks = "an unknown number of locks" if held is None else f"{held} locks"
    return {
        "host": f"{json.dumps(name, ensure_ascii=False)} with {locks}",
        "hostname": name,
        "id": one["id"],
        "error": one.get("notify_error") or "",
    }


def _held(api: Papi, name: object) -> int | None:
    """Count its locks; None where this release does not tell."""
    try:
        return sum(lock.get("client") == name for lock in _all(api, LOCKS, "locks"))
    except PapiError as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        return None


def _all(api: Papi, resource: str, name: str) -> list[dict[str, Any]]:
    """Read a list that has no pages; raises Unmet where it is longer than can be read."""
    found: list[dict[str, Any]] = api.get(resource, limit=str(MOST)).get(name) or []
    if len(found) >= MOST:
        raise Unmet(f"There are {MOST} {name} and more, and no more are read. Release the locks by hand.")
    return found


def make(given: dict[str, Any]) -> Host:
    """Read the arguments."""
    return Host(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
