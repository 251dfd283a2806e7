# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""One SyncIQ policy by its name, as several modules look at it."""

from __future__ import annotations

from typing import Any

from ansible_collections.mendwatch.onefs.plugins.module_utils.change import Facts, Unmet
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Papi

POLICIES = "14/sync/policies"


def find(api: Papi, name: str, *more: str) -> Facts:
    """Give what a policy is and copies, and the fields named in `more`; raises Unmet where there is not one of that name."""
    found = [policy for policy in api.every(POLICIES, "policies") if policy.get("name") == name]
    if len(found) != 1:
        raise Unmet(f"There are {len(found)} SyncIQ policies named {name}, not one.")
    policy = found[0]
    names = ("id", "enabled", "conflicted", "last_job_state", *more)
    return {**{name: policy.get(name) for name in names}, "copies": _copies(policy)}


def _copies(policy: dict[str, Any]) -> str:
    return f"{policy.get('source_root_path')} to {policy.get('target_host')}:{policy.get('target_path')}"
