"""auth/id and license/licenses: who asks, and what is paid for."""

from __future__ import annotations

from mendwatch_onefs_sim.answers import Answer
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.sessions import PRIVILEGES

_LICENSES = ("SMARTQUOTAS", "SNAPSHOTIQ", "SYNCIQ")
_FIRST_UID = 2000


def _licenses(cluster: Cluster, _: Call) -> Answer:
    body = {
        "activation_incomplete_alert": False,
        "base_only_licenses": [],
        "evaluatable": [],
        "guid": cluster.hardware.guid,
        "licenses": [_license(name) for name in _LICENSES],
        "swid": f"ELMISL{cluster.hardware.seed:010d}",
        "valid_signature": True,
    }
    return Answer(body=body)


def _license(name: str) -> dict[str, object]:
    return {"expired_alert": False, "expiring_alert": False, "id": name, "name": name, "status": "Licensed", "tiers": []}


def _identity(_: Cluster, call: Call) -> Answer:
    permission = "w" if call.account.writes else "r"
    privileges = [
        {"id": name, "name": name.removeprefix("ISI_PRIV_").capitalize(), "permission": permission} for name in PRIVILEGES
    ]
    user = {"id": f"UID:{_FIRST_UID}", "name": call.account.name, "type": "user"}
    group = {"id": "GID:1800", "name": "Isilon Users", "type": "group"}
    token = {"gid": group, "ifs_restricted": False, "privilege": privileges, "uid": user, "zid": 1, "zone_id": "System"}
    return Answer(body={"ntoken": token})


MISC = (
    Resource("GET", "auth/id", _identity),
    Resource("GET", "license/licenses", _licenses, privilege="ISI_PRIV_LICENSE"),
)
