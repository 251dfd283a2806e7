# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Switch one setting of the whole cluster by compare-and-set."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cluster_setting
short_description: Switch one setting of a OneFS cluster
version_added: "0.1.0"
description:
  - Switches one of a few settings that hold for the whole cluster.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  setting:
    description: Which setting.
    type: str
    required: true
    choices: [snapshot_autodelete, synciq_service, smb_service, nfs_service, s3_service]
  state:
    description: What it shall be. Only the service of SyncIQ can be paused.
    type: str
    required: true
    choices: ["on", "off", paused]
  expect_before:
    description: What must be so now, as the task's RV(before) gave it in check mode; if it differs, nothing is written.
    type: dict
attributes:
  check_mode:
    support: full
    description: Reads, and writes nothing.
  diff_mode:
    support: full
    description: Gives the setting before and after.
"""

EXAMPLES = r"""
- name: Expired snapshots are deleted again
  mendwatch.onefs.cluster_setting:
    setting: snapshot_autodelete
    state: "on"
"""

RETURN = r"""
before:
  description: What was found; C(state) is the word for it.
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
from typing import Any

from ansible_collections.mendwatch.onefs.plugins.module_utils.change import Facts, Thing, Unmet, main
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Papi

#: The settings: resource, field, and what people call it.
SETTINGS = {
    "snapshot_autodelete": ("1/snapshot/settings", "autodelete", "automatic deletion of expired snapshots"),
    "synciq_service": ("16/sync/settings", "service", "SyncIQ service"),
    "smb_service": ("7/protocols/smb/settings/global", "service", "SMB service"),
    "nfs_service": ("14/protocols/nfs/settings/global", "service", "NFS service"),
    "s3_service": ("10/protocols/s3/settings/global", "service", "S3 service"),
}
#: The one setting that is a word; all others are true or false.
WORDED = "synciq_service"
STATES = ("on", "off", "paused")
ARGUMENTS = {
    "setting": {"type": "str", "required": True, "choices": sorted(SETTINGS)},
    "state": {"type": "str", "required": True, "choices": list(STATES)},
}


@dataclass(frozen=True)
class Setting(Thing):
    """One setting and what it shall be."""

    setting: str
    state: str

    @property
    def subject(self) -> str:
        """What people call it."""
        return SETTINGS[self.setting][2]

    def read(self, api: Papi) -> Facts:
        """Read it; raises Unmet where this release does not know it."""
        resource, field, _ = SETTINGS[self.setting]
        value = (api.get(resource).get("settings") or {}).get(field)
        words = {True: "on", False: "off"} if self.setting != WORDED else dict(zip(STATES, STATES, strict=True))
        if value not in words:
            raise Unmet(f"The cluster tells no {self.subject}. Look at it by hand.")
        return {"state": words[value]}

    def aim(self, now: Facts) -> Facts:
        """Give what it shall be."""
        del now
        return {"state": self.state}

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Set the one field, and no other."""
        del now
        resource, field, _ = SETTINGS[self.setting]
        api.put(resource, {field: aim["state"] if self.setting == WORDED else aim["state"] == "on"})


def make(given: dict[str, Any]) -> Setting:
    """Read the arguments."""
    if given["state"] == "paused" and given["setting"] != WORDED:
        raise Unmet(f"{given['setting']} is on or off, never paused.")
    return Setting(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
