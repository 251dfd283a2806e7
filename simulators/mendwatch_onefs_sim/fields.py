"""Fields that came and went from version to version of a resource: older versions do not show what came later.

The table holds what Dell's SDK tells when its packages for two releases are compared. A handler gives the newest shape;
`trimmed` takes away what the asked version or the release has not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its place in the answer (lists are passed through), and the versions that show it.

    `since` and `until` are versions of the resource as asked for; `latest` is the first newest version of a release
    that shows it, for fields that came without a new version of their resource.
    """

    path: str
    since: int = 1
    until: int | None = None
    latest: int = 1

    def shown(self, version: int, latest: int) -> bool:
        """Tell whether a request for `version` of a cluster whose newest is `latest` is shown the field."""
        return version >= self.since and (self.until is None or version <= self.until) and latest >= self.latest


#: What a node tells since it may be a machine in a cloud.
_CLOUD_NODE = ("node_id", "region", "resource_group", "subscription_id", "volume_type")

FIELDS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        "cluster/config": tuple(Field(name, 17) for name in ("availability_zone", "is_powerscale_ve", "node_id", "region")),
        "cluster/nodes": tuple(Field(f"nodes.hardware.{name}", 19) for name in _CLOUD_NODE),
        "cluster/nodes/{}/hardware": tuple(Field(f"nodes.{name}", 19) for name in _CLOUD_NODE),
        "event/eventgroup-occurrences": (Field("eventgroups.ref_groups", 19),),
        "event/eventgroup-definitions": (Field("eventgroup-definitions.ui_name", 17),),
        "healthcheck/checklists": (Field("checklists.internal", 20),),
        "healthcheck/evaluations": (
            Field("evaluations.details.name", 19),
            Field("evaluations.details.passed", 19),
            Field("evaluations.smartlog", 19),
            Field("evaluations.queue_time", 22),
            Field("evaluations.details.repair", 23),
        ),
        "healthcheck/items": (
            Field("items.resolution", 19),
            *(
                Field(f"items.repair_{name}", 23)
                for name in ("behavior", "description", "enabled", "risk", "script", "script_type")
            ),
            Field("items.scope", 23),
        ),
        "job/job-summary": (Field("summary.smartthrottling_enabled", 19),),
        "job/settings": (Field("settings.smartthrottling", 19),),
        "license/licenses": (Field("guid", 17), Field("licenses.tiers.platform", 17)),
        "network/interfaces": (
            Field("interfaces.owners.subtype", 18),
            Field("interfaces.linklayer", 21),
            Field("interfaces.macaddr", 21),
            Field("interfaces.owners.prefixlen", 21),
            Field("interfaces.vlans.macaddr", 21, latest=23),
        ),
        "network/pools": (
            Field("pools.external_manager", 18),
            Field("pools.sc_auto_unsuspend_delay", until=17),
            Field("pools.nfs_rroce_only", 19),
            Field("pools.nfsv3_rroce_only", until=18),
            Field("pools.linklayer", 21),
        ),
        "network/rules": (Field("rules.linklayer", 21),),
        "network/subnets": (Field("subnets.linklayer", 21),),
        "protocols/nfs/settings/global": (
            Field("settings.nfs_rdma_enabled", 19),
            Field("settings.nfsv3_rdma_enabled", until=18),
        ),
        "protocols/smb/settings/global": (Field("settings.support_smb1", 17),),
        "statistics/summary/workload": tuple(Field(f"workload.latency_{way}", latest=21) for way in ("other", "read", "write")),
        "storagepool/nodepools": (Field("nodepools.sjm_enabled", 22),),
        "storagepool/tiers": (Field("tiers.node_type_ids", latest=20),),
        "sync/policies": (Field("policies.elliptic_curve_list", 18),),
        "sync/settings": (Field("settings.elliptic_curve_list", 18), Field("settings.renegotiation_bytes", 22)),
        "upgrade/cluster": (Field("assessment_progress", 20), Field("assessment_status", 20)),
    }
)


#: Words that were written in capitals up to a version: their place in the answer, and that version.
CAPITALS: Mapping[str, tuple[str, int]] = MappingProxyType({"datamover/jobs": ("jobs.job_state", 19)})


def trimmed(resource: str, version: int, latest: int, body: object) -> object:
    """Give an answer as the asked version shows it: without some fields, some words in capitals.

    `resource` is the pattern of the path without the version and without a last variable part.
    """
    hidden = [field.path.split(".") for field in FIELDS.get(resource, ()) if not field.shown(version, latest)]
    for path in hidden:
        body = _without(body, path)
    if resource in CAPITALS and version <= CAPITALS[resource][1]:
        body = _in_capitals(body, CAPITALS[resource][0].split("."))
    return body


def _without(body: object, path: Sequence[str]) -> object:
    if isinstance(body, list):
        return [_without(item, path) for item in body]
    if not isinstance(body, dict) or path[0] not in body:
        return body
    if len(path) == 1:
        return {name: value for name, value in body.items() if name != path[0]}
    return {**body, path[0]: _without(body[path[0]], path[1:])}


def _in_capitals(body: object, path: Sequence[str]) -> object:
    if isinstance(body, list):
        return [_in_capitals(item, path) for item in body]
    if not path:
        return body.upper() if isinstance(body, str) else body
    if not isinstance(body, dict) or path[0] not in body:
        return body
    return {**body, path[0]: _in_capitals(body[path[0]], path[1:])}
