# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Resolve one event group."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: event_group
short_description: Resolve one OneFS event group
version_added: "0.1.0"
description:
  - Marks an event group occurrence as resolved, once what caused it is settled.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  id:
    description: The id of the event group occurrence.
    type: str
    required: true
  state:
    description: What the event group shall be.
    type: str
    choices: [resolved]
    default: resolved
attributes:
  check_mode:
    support: full
    description: Reads, and writes nothing.
  diff_mode:
    support: full
    description: Gives the state before and after.
"""

EXAMPLES = r"""
- name: The quota has room again
  mendwatch.onefs.event_group:
    id: "724916"
    state: resolved
"""

RETURN = r"""
resolved:
  description: Whether the event group is resolved now, or would be in check mode.
  type: bool
  returned: success
outcome:
  description: precondition_failed when there is no such event group, failed for everything else.
  type: str
  returned: failure
"""

import re
from http import HTTPStatus
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Connection, Papi, PapiError

RESOURCE = "12/event/eventgroup-occurrences"
#: An empty id would address, and resolve, every event group of the cluster; a dot or a slash another resource.
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


def run(identifier: str, *, check_mode: bool) -> dict[str, Any]:
    """Resolve the event group if it is not resolved yet."""
    if not IDENTIFIER.match(identifier):
        raise PapiError(f"{identifier!r} is not the id of an event group.", HTTPStatus.NOT_FOUND)
    path = f"{RESOURCE}/{identifier}"
    with Papi(Connection.from_environment()) as api:
        groups = api.get(path).get("eventgroups") or []
        if [str(group.get("id")) for group in groups] != [identifier]:
            raise PapiError(f"There is no event group {identifier}.", HTTPStatus.NOT_FOUND)
        if groups[0].get("resolved"):
            return {"changed": False, "resolved": True}
        if not check_mode:
            api.put(path, {"resolved": True})
    header = f"event group {identifier}"
    sides = {"before": "resolved: false\n", "after": "resolved: true\n", "before_header": header, "after_header": header}
    return {"changed": True, "resolved": True, "diff": sides}


def main() -> None:
    """Run as a module."""
    module = AnsibleModule(
        argument_spec={
            "id": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["resolved"], "default": "resolved"},
        },
        supports_check_mode=True,
    )
    try:
        found = run(module.params["id"], check_mode=module.check_mode)
    except PapiError as problem:
        missing = problem.status == HTTPStatus.NOT_FOUND
        module.fail_json(msg=str(problem), outcome="precondition_failed" if missing else "failed")
    module.exit_json(**found)


if __name__ == "__main__":
    main()
