# Copyright The mendwatch authors
# SPDX-License-Identifier: Apache-2.0
"""Close one file that a client holds open over SMB."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: smb_open_file
short_description: Close one file that is open over SMB
version_added: "0.1.0"
description:
  - Closes the one open file of a path that is locked; what its client did not save is lost.
  - OneFS lists the files that are open on the node that is asked. Others are not found.
  - With O(expect_before) it looks at the open file of that id and at no other.
  - The connection comes from the environment, see the collection's README.
author:
  - The mendwatch authors
options:
  path:
    description: The path of the file, compared byte by byte.
    type: str
    required: true
  user:
    description: Who holds it open. Needed where several do.
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
    description: Gives who holds the file open, before and after.
"""

EXAMPLES = r"""
- name: Close a file that a client which sleeps keeps from others
  mendwatch.onefs.smb_open_file:
    path: /ifs/data/share/budget.xlsx
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
from typing import Any, ClassVar

from ansible_collections.mendwatch.onefs.plugins.module_utils.change import Facts, Thing, Unmet, main
from ansible_collections.mendwatch.onefs.plugins.module_utils.papi import Papi, segment

FILES = "1/protocols/smb/openfiles"
CLOSED = {"held": "by nobody"}
ARGUMENTS = {
    "path": {"type": "str", "required": True},
    "user": {"type": "str"},
}


@dataclass(frozen=True)
class OpenFile(Thing):
    """The open file of a path; `id` is that of a plan, and then no other is looked at."""

    path: str
    user: str | None
    id: int | None = None
    free: ClassVar[tuple[str, ...]] = ("locks",)

    @property
    def subject(self) -> str:
        """Its path."""
        return f"open file {self.path}"

    def planned(self, expected: Facts) -> OpenFile:
        """Look at the open file of a plan only: meanwhile somebody else may have opened the same path."""
        if not isinstance(expected.get("id"), int):
            raise Unmet("expect_before is no open file as check mode gives it.")
        return replace(self, id=expected["id"])

    def read(self, api: Papi) -> Facts:
        """Read who holds it; raises Unmet where nobody does, or several do and nobody said who is meant."""
        listed = [one for one in api.every(FILES, "openfiles") if self._is_meant(one)]
        if not listed and self.id is not None:
            return CLOSED
        if len(listed) != 1:
            users = ", ".join(sorted({json.dumps(one.get("user")) for one in listed}))
            raise Unmet(
                f"{self.path} is open {len(listed)} times{': ' * bool(users)}{users}. Say whose it is."
                if listed
                else self._nobody()
            )
        (one,) = listed
        held = f"by {json.dumps(one.get('user'), ensure_ascii=False)}"
        return {"held": held, "id": one["id"], "path": one.get("file"), "locks": one.get("locks")}

    def aim(self, now: Facts) -> Facts:
        """Want it closed."""
        del now
        return CLOSED

    def check(self, now: Facts) -> None:
        """A file without a lock keeps nobody out."""
        if not now["locks"]:
            raise Unmet(f"{self.path} has no lock, so it keeps nobody out.")

    def write(self, api: Papi, now: Facts, aim: Facts) -> None:
        """Close that one."""
        del aim
        api.delete(f"{FILES}/{segment(now['id'])}")

    def holds(self, before: Facts, seen: Facts, aim: Facts) -> bool:
        """It is closed where its id is nobody's, or somebody's anew."""
        del aim
        return seen.get("id") != before["id"] or seen.get("path") != before["path"]

    def _is_meant(self, one: dict[str, Any]) -> bool:
        if self.id is not None:
            return one.get("id") == self.id
        return isinstance(one.get("id"), int) and one.get("file") == self.path and self.user in {None, one.get("user")}

    def _nobody(self) -> str:
        return f"Nobody{f' called {self.user}' if self.user else ''} holds {self.path} open on the node that was asked."


def make(given: dict[str, Any]) -> OpenFile:
    """Read the arguments."""
    return OpenFile(**given)


if __name__ == "__main__":
    main(ARGUMENTS, make)
