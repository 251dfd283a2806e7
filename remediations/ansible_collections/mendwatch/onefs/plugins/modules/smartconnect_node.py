# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Let SmartConnect send clients to a node, or leave it out."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: smartconnect_node
short_description: Suspend or resume one node in SmartConnect
version_added: "0.1.0"
description:
  - Suspends or resumes one node in one network pool, or in every pool that it serves.
  - A node is not suspended where fewer than half of the nodes of a pool would be left.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  node:
    description: The logical number of the node.
    type: int
    required: true
  state:
    description: What it shall be.
    type: str
    choices: [in use, suspended]
  pool:
    description: The full name of the pool (groupnet.subnet.pool). Without it, every pool that the node serves.
    type: str
  restore:
    description: What it shall be in each pool, instead of O(state), as RV(before) gave it.
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
    description: Gives what the node is in each pool, before and after.
"""

EXAMPLES = r"""
- name: Send clients to node 3 again
  mendwatch.onefs.smartconnect_node:
    node: 3
    state: in use
    pool: groupnet0.subnet0.pool0
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

POOLS = "3/network/pools"
#: The fact that tells how many other nodes a pool has; no pool is called so, for their names have dots.
OTHERS = "others"
IN_USE, SUSPENDED = "in use", "suspended"
ACTIONS = {IN_USE: "sc-resume-nodes", SUSPENDED: "sc-suspend-nodes"}
#: A pool's full name has those of its parents.
PARTS = 3
ARGUMENTS = {
    "node": {"type": "int", "required": True},
    "state": {"type": "str", "choices": [IN_USE, SUSPENDED]},
    "pool": {"type": "str"},
    "restore": {"type": "dict"},
}


@dataclass(frozen=True)
class Node(Thing):
    """One node in the pools that it serves; a fact for each pool."""

    node: int
    state: str | None
    pool: str | None
    restore: Facts | None
    free: ClassVar[tuple[str, ...]] = (OTHERS,)

    @property
    def subject(self) -> str:
        """Its number."""
        return f"SmartConnect's node {self.node}"

    def read(self, api: Papi) -> Facts:
        """Read what it is in each pool; raises Unmet where it serves none of those that are meant."""
        listed = [one for one in api.every(POOLS, "pools") if self.node in _nodes(one) and self.pool in {None, one.get("id")}]
        if not listed:
            raise Unmet(f"Node {self.node} serves no network pool{f' {self.pool}' if self.pool else ''}.")
        states = {_name(one): SUSPENDED if self.node in one["sc_suspended_nodes"] else IN_USE for one in listed}
        return {**states, OTHERS: {_name(one): self._others(one) for one in listed}}

    def aim(self, now: Facts) -> Facts:
        """Give what it shall be."""
        if self.restore is not None:
            return {pool: state for pool, state in self.restore.items() if pool in now}
        return {pool: self.state for pool in now if pool != OTHERS}

    def check(self, now: Facts) -> None:
        """A pool must be able to do without the node."""
        for pool, (others, nodes) in now[OTHERS].items() if self.state == SUSPENDED else ():
            if others * 2 < nodes:
                raise Unmet(f"{pool} would have {others} of its {nodes} nodes left. Resume others first.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Tell each pool."""
        del now
        for pool, state in aim.items():
            groupnet, subnet, name = map(segment, pool.split("."))
            api.post(f"3/network/groupnets/{groupnet}/subnets/{subnet}/pools/{name}/{ACTIONS[state]}", {"lnn": [self.node]})

    def _others(self, pool: dict[str, Any]) -> list[int]:
        """Count the other nodes that SmartConnect uses, and all nodes of a pool."""
        nodes = _nodes(pool)
        return [len(nodes - set(pool["sc_suspended_nodes"]) - {self.node}), len(nodes)]


def _nodes(pool: dict[str, Any]) -> set[int]:
    return {one["lnn"] for one in pool.get("ifaces") or [] if isinstance(one.get("lnn"), int)}


def _name(pool: dict[str, Any]) -> str:
    """Give a pool's full name; raises Unmet for a pool that does not tell what is needed of it."""
    name, suspended = pool.get("id"), pool.get("sc_suspended_nodes")
    if not isinstance(name, str) or len(name.split(".")) != PARTS or not isinstance(suspended, list):
        raise Unmet(f"The network pool {name} does not tell its suspended nodes.")
    return name


def make(given: dict[str, Any]) -> Node:
    """Read the arguments."""
    if (given["state"] is None) == (given["restore"] is None):
        raise Unmet("Either state or restore is needed.")
    return Node(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
