# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Let the cluster ask one time server more, or one less, by compare-and-set."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ntp_server
short_description: Add or remove one time server of a OneFS cluster
version_added: "0.1.0"
description:
  - Adds one server to those that the cluster asks for the time, or removes it.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  name:
    description: The server's name or address.
    type: str
    required: true
  state:
    description: Whether the cluster shall ask it.
    type: str
    required: true
    choices: [present, absent]
  expect_before:
    description: What must be so now, as the task's RV(before) gave it in check mode; if it differs, nothing is written.
    type: dict
attributes:
  check_mode:
    support: full
    description: Reads, and writes nothing.
  diff_mode:
    support: full
    description: Gives the list of servers before and after.
"""

EXAMPLES = r"""
- name: Ask our time server
  mendwatch.onefs.ntp_server:
    name: ntp.example.com
    state: present
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

SERVERS = "3/protocols/ntp/servers"
ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "required": True, "choices": ["absent", "present"]},
}


@dataclass(frozen=True)
class Server(Thing):
    """One server, and whether it shall be among those that are asked. Names differ by more than the size of letters."""

    name: str
    state: str
    subject: ClassVar[str] = "time servers"

    def read(self, api: Papi) -> Facts:
        """Read all of them."""
        return {"servers": sorted(str(one.get("name")) for one in api.every(SERVERS, "servers"))}

    def aim(self, now: Facts) -> Facts:
        """Want one more, or one less."""
        others = [name for name in now["servers"] if name.lower() != self.name.lower()]
        if self.state == "absent":
            return {"servers": others}
        return {} if len(others) < len(now["servers"]) else {"servers": sorted([*others, self.name])}

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Add or remove the one; the others are not touched."""
        del now, aim
        if self.state == "present":
            api.post(SERVERS, {"name": self.name})
            return
        for one in list(api.every(SERVERS, "servers")):
            if str(one.get("name")).lower() == self.name.lower():
                api.delete(f"{SERVERS}/{segment(one.get('id'))}")


def make(given: dict[str, Any]) -> Server:
    """Read the arguments."""
    if not given["name"].strip():
        raise Unmet("A time server has a name or an address.")
    return Server(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
