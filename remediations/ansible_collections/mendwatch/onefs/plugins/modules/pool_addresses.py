# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Spread the addresses of a network pool evenly over its nodes."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: pool_addresses
short_description: Spread the addresses of one network pool
version_added: "0.1.0"
description:
  - Spreads the addresses of a dynamic network pool over its nodes anew, where one node has at least two more than another.
  - Clients on addresses that move are disconnected for a moment; SMB clients connect anew.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  pool:
    description: The full name of the pool (groupnet.subnet.pool).
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
    description: Gives how the addresses are spread, before and after.
"""

EXAMPLES = r"""
- name: Spread the addresses of a pool after a node came back
  mendwatch.onefs.pool_addresses:
    pool: groupnet0.subnet0.pool1
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

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from ansible_collections.mendwatch.onefs.plugins.module_utils.change import Facts, Thing, Unmet, main
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Papi, segment

POOLS = "3/network/pools"
INTERFACES = "3/network/interfaces"
EVEN = "even"
#: A pool's full name has those of its parents.
PARTS = 3
UP = ("up", "active")
ARGUMENTS = {"pool": {"type": "str", "required": True}}


@dataclass(frozen=True)
class Addresses(Thing):
    """The addresses of one pool by node. They move in the cluster's own time."""

    pool: str
    looks: ClassVar[int] = 10

    @property
    def subject(self) -> str:
        """Its name."""
        return f"network pool {self.pool}"

    def read(self, api: Papi) -> Facts:
        """Read how they are spread, by what method, and which of its interfaces do not work."""
        found = next((one for one in api.every(POOLS, "pools") if one.get("id") == self.pool), None)
        if found is None:
            raise Unmet(f"There is no network pool {self.pool}.")
        nodes, dark = self._spread(api)
        counts = [nodes[one["lnn"]] for one in found.get("ifaces") or [] if isinstance(one.get("lnn"), int)]
        uneven = bool(counts) and max(counts) - min(counts) > 1
        each = ", ".join(f"node {node} has {count}" for node, count in sorted(nodes.items()))
        return {"addresses": each if uneven else EVEN, "method": found.get("alloc_method"), "dark": sorted(dark)}

    def aim(self, now: Facts) -> Facts:
        """Want them even."""
        del now
        return {"addresses": EVEN}

    def check(self, now: Facts) -> None:
        """Only a dynamic pool moves addresses, and only to interfaces that work."""
        if now["method"] != "dynamic":
            raise Unmet(f"{self.subject} is {now['method']}: its addresses stay where they are.")
        if now["dark"]:
            raise Unmet(f"Interfaces of {self.subject} are not up: {', '.join(now['dark'])}. Mend them first.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Have them spread anew."""
        del now, aim
        groupnet, subnet, name = map(segment, self.pool.split("."))
        api.post(f"3/network/groupnets/{groupnet}/subnets/{subnet}/pools/{name}/rebalance-ips", {})

    def _spread(self, api: Papi) -> tuple[Counter[int], list[str]]:
        """Count the addresses of the pool on each node, and name its interfaces that are not up."""
        nodes, dark = Counter[int](), list[str]()
        for interface in api.every(INTERFACES, "interfaces"):
            for owner in _owners(interface, self.pool):
                nodes[interface["lnn"]] += len(owner.get("ip_addrs") or [])
                dark += [] if interface.get("status") in UP else [f"{interface['lnn']}:{interface.get('name')}"]
        return nodes, dark


def _owners(interface: dict[str, Any], pool: str) -> Iterator[dict[str, Any]]:
    for owner in interface.get("owners") or []:
        if ".".join(str(owner.get(name)) for name in ("groupnet", "subnet", "pool")) == pool:
            yield owner


def make(given: dict[str, Any]) -> Addresses:
    """Read the arguments."""
    if len(given["pool"].split(".")) != PARTS:
        raise Unmet(f"{given['pool']} is not the full name of a network pool: groupnet.subnet.pool.")
    return Addresses(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
