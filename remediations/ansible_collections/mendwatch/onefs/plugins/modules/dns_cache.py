# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Empty the cluster's DNS cache."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: dns_cache
short_description: Empty the DNS cache of a OneFS cluster
version_added: "0.1.0"
description:
  - Lets the cluster forget the answers of DNS servers that it remembers.
  - The cluster does not tell what it remembers, so every run empties the cache, and none can be verified by reading.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  state:
    description: What the cache shall be.
    type: str
    choices: [empty]
    default: empty
  expect_before:
    description: What must be so now, as the task's RV(before) gave it in check mode; if it differs, nothing is written.
    type: dict
attributes:
  check_mode:
    support: full
    description: Reads, and writes nothing.
  diff_mode:
    support: full
    description: Gives that the cache is in use before, and empty after.
"""

EXAMPLES = r"""
- name: Ask the DNS servers anew
  mendwatch.onefs.dns_cache:
    state: empty
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

CACHE = "3/network/dnscache"
ARGUMENTS = {"state": {"type": "str", "choices": ["empty"], "default": "empty"}}


@dataclass(frozen=True)
class Cache(Thing):
    """The cache. Nobody can see what is in it, so it always counts as in use."""

    state: str
    subject: ClassVar[str] = "DNS cache"

    def read(self, api: Papi) -> Facts:
        """Read that there is one."""
        if not isinstance(api.get(CACHE).get("settings"), dict):
            raise Unmet("The cluster tells of no DNS cache.")
        return {"cache": "in use"}

    def aim(self, now: Facts) -> Facts:
        """Want it empty."""
        del now
        return {"cache": self.state}

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Empty it."""
        del now, aim
        api.post(f"{CACHE}/flush", {})

    def holds(self, before: Facts, seen: Facts, aim: Facts) -> bool:
        """Believe the answer: the cluster still has its cache, and nothing tells more."""
        del before, aim
        return bool(seen)


def make(given: dict[str, Any]) -> Cache:
    """Read the arguments."""
    return Cache(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
