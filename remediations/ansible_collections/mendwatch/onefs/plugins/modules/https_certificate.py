# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Show another certificate of the cluster's own to who connects."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: https_certificate
short_description: Choose the certificate that the web server shows
version_added: "0.1.0"
description:
  - Makes the web server show the successor of the certificate that it shows now.
  - That is installed, of the same issuer, subject and names, valid now, and of such the one that lasts longest.
  - Nothing is installed or removed.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  least_days:
    description: How many days the successor must be valid at least.
    type: int
    default: 60
  restore:
    description: The certificate to show, as RV(before) gave it, instead of a successor.
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
    description: Gives the certificate that is shown, before and after.
"""

EXAMPLES = r"""
- name: Show the certificate that was installed last week
  mendwatch.onefs.https_certificate:
    least_days: 60
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
from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible_collections.mendwatch.onefs.plugins.module_utils.change import Facts, Thing, Unmet, main
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Connection, Papi

SERVER = "4/certificate/server"
SETTINGS = "7/certificate/settings"
CLOCK = "3/cluster/time"
DAY = 86_400
ARGUMENTS = {
    "least_days": {"type": "int", "default": 60},
    "restore": {"type": "dict"},
}


@dataclass(frozen=True)
class Shown(Thing):
    """The certificate that is shown, and the one that follows it."""

    least_days: int
    restore: Facts | None
    subject: ClassVar[str] = "certificate of the web server"
    free: ClassVar[tuple[str, ...]] = ("lasts",)

    def read(self, api: Papi) -> Facts:
        """Read which one is shown, and which one could be."""
        shown = (api.get(SETTINGS).get("settings") or {}).get("default_https_certificate")
        installed = list(api.every(SERVER, "certificates"))
        present = next((one for one in installed if shown in {one.get("id"), one.get("name")}), None)
        if present is None:
            raise Unmet("The cluster does not tell which certificate it shows.")
        least = _now(api) + self.least_days * DAY
        follower = _successor(installed, present, least)
        return {
            "shown": present["id"],
            "until": _day(present),
            "successor": follower and follower["id"],
            "its_end": follower and _day(follower),
            "lasts": _end(present) >= least,
        }

    def aim(self, now: Facts) -> Facts:
        """Want the successor, unless the one that is shown lasts long enough; or the former one."""
        if self.restore:
            return {"shown": self.restore.get("shown"), "until": self.restore.get("until")}
        return {} if now["lasts"] else {"shown": now["successor"], "until": now["its_end"]}

    def check(self, now: Facts) -> None:
        """There must be one, and mendwatch itself must not be locked out."""
        if not self.restore and now["successor"] is None:
            raise Unmet(
                "No installed certificate of this issuer and these names lasts longer. Import one first: isi certificate server."
            )
        if Connection.from_environment().fingerprint is not None:
            raise Unmet("mendwatch trusts this cluster by the fingerprint of its certificate. Give it a CA file, or do it by hand.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Choose it."""
        del now
        api.put(SETTINGS, {"default_https_certificate": aim["shown"]})


def _successor(installed: list[dict[str, Any]], present: dict[str, Any], least: int) -> dict[str, Any] | None:
    """Give the installed certificate that lasts longest, of those that whoever trusts the present one trusts too."""
    latest = max(_end(present), least)
    fit = [one for one in installed if one is not present and _follows(one, present) and _end(one) >= latest]
    return max((one for one in fit if one.get("status") == "valid"), key=_end, default=None)


def _follows(one: dict[str, Any], present: dict[str, Any]) -> bool:
    names = set(present.get("dnsnames") or [])
    return (
        one.get("issuer") == present.get("issuer")
        and one.get("subject") == present.get("subject")
        and names <= set(one.get("dnsnames") or [])
    )


def _end(one: dict[str, Any]) -> int:
    end = one.get("not_after")
    return end if isinstance(end, int) else 0


def _day(one: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(_end(one), UTC):%Y-%m-%d}"


def _now(api: Papi) -> int:
    times = [node["time"] for node in api.get(CLOCK).get("nodes") or [] if isinstance(node.get("time"), int)]
    if not times:
        raise Unmet("No node tells its time, so nobody knows which certificate is valid.")
    return max(times)


def make(given: dict[str, Any]) -> Shown:
    """Read the arguments."""
    return Shown(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
