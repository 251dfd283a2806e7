"""license/licenses: what is paid for."""

from __future__ import annotations

from mendwatch_onefs_sim.answers import Answer
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.resources.resource import Resource

_LICENSES = ("SMARTQUOTAS", "SNAPSHOTIQ", "SYNCIQ")


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


MISC = (Resource("GET", "license/licenses", _licenses, privilege="ISI_PRIV_LICENSE"),)
