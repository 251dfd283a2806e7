"""auth/id and auth/privileges: who asks, what it may do, and which part of the API each privilege opens."""

from __future__ import annotations

from mendwatch_onefs_sim.answers import Answer
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.privileges import PRIVILEGES, Privilege
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.sessions import Account

_FIRST_UID = 2000


def _identity(_: Cluster, call: Call) -> Answer:
    user = {"id": f"UID:{_FIRST_UID}", "name": call.account.name, "type": "user"}
    group = {"id": "GID:1800", "name": "Isilon Users", "type": "group"}
    token = {
        "gid": group, "ifs_restricted": False, "privilege": _held(call.account), "uid": user, "zid": 1, "zone_id": "System",
    }  # fmt: skip
    return Answer(body={"ntoken": token})


def _held(account: Account) -> list[dict[str, object]]:
    """Give the privileges of an account with what they permit; a login may only be allowed or not."""
    held: list[dict[str, object]] = []
    for privilege in PRIVILEGES.values():
        permission = account.permission(privilege.id)
        if permission is not None:
            held.append({"id": privilege.id, "name": privilege.name, "permission": permission})
    return held


def _all(_: Cluster, __: Call) -> Answer:
    return Answer(body={"privileges": [_shown(privilege) for privilege in PRIVILEGES.values()]})


def _shown(privilege: Privilege) -> dict[str, object]:
    return {
        "category": privilege.category,
        "description": f"Opens {privilege.uri}" if privilege.uri else f"Allows to log in by {privilege.name}",
        "id": privilege.id,
        "name": privilege.name,
        "parent_id": "ISI_PRIV_ZERO",
        "permission": privilege.permission,
        "privilegelevel": "flag",
        "uri": privilege.uri,
    }


PRIVILEGE_RESOURCES = (
    Resource("GET", "auth/id", _identity),
    Resource("GET", "auth/privileges", _all, 7),
)
