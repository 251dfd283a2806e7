"""cluster/config, identity, version, time and statfs, with what every node of the cluster answers."""

from __future__ import annotations

from mendwatch_onefs_sim.answers import Answer
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.resources.fanout import ask_nodes
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.rolling import hardware_of

#: The first version of cluster/config with the fields of a cluster in a cloud.
_CLOUD = 17
_BLOCK = 8192


def _config(cluster: Cluster, call: Call) -> Answer:
    hardware, asked = cluster.hardware, cluster.hardware.node(call.lnn)
    body = {
        "description": "A simulated cluster",
        "devices": [_device(node) for node in hardware.nodes],
        "encoding": "utf-8",
        "guid": hardware.guid,
        "has_quorum": len(hardware.up) * 2 > len(hardware.nodes),
        "is_compliance": False,
        "is_virtual": False,
        "is_vonefs": False,
        "join_mode": "manual",
        "local_devid": asked.devid,
        "local_lnn": asked.lnn,
        "local_serial": asked.serial,
        "name": hardware.name,
        "onefs_version": {**_version(hardware), "copyright": "", "reldate": hardware.release_date},
        "timezone": {"abbreviation": "UTC", "custom": "", "name": "Greenwich Mean Time", "path": "Etc/UTC"},
        "upgrade_type": None,
    }
    return Answer(body={**body, **(_cloud(hardware) if call.version >= _CLOUD else {})})


def _device(node: Node) -> dict[str, object]:
    return {"devid": node.devid, "guid": node.guid, "is_up": node.is_up, "lnn": node.lnn}


def _cloud(hardware: Hardware) -> dict[str, object]:
    return {"availability_zone": "", "is_powerscale_ve": False, "node_id": hardware.local.serial, "region": ""}


def _version(hardware: Hardware) -> dict[str, object]:
    return {
        "build": hardware.build,
        "release": f"v{hardware.release}",
        "revision": "648659210421321729",
        "type": "Isilon OneFS",
        "version": hardware.version_text,
    }


def _identity(cluster: Cluster, _: Call) -> Answer:
    logon = {"motd": "", "motd_header": ""}
    name = cluster.hardware.name
    return Answer(body={"description": "A simulated cluster", "logon": logon, "mttdl_level_msg": "none", "name": name})


def _versions(cluster: Cluster, call: Call) -> Answer:
    return ask_nodes(cluster, call, lambda node: _version(hardware_of(cluster, node)))


def _time(cluster: Cluster, call: Call) -> Answer:
    return ask_nodes(cluster, call, lambda node: {"time": cluster.epoch(call.now, node.lnn)})


def _statfs(cluster: Cluster, _: Call) -> Answer:
    now = cluster.moment()
    free = (now.ifs_total - now.ifs_used) // _BLOCK
    return Answer(
        body={
            "f_bavail": int(free * 0.97),
            "f_bfree": free,
            "f_blocks": now.ifs_total // _BLOCK,
            "f_bsize": _BLOCK,
            "f_ffree": free,
            "f_files": now.ifs_total // _BLOCK,
            "f_flags": 0,
            "f_fstypename": "efs",
            "f_iosize": _BLOCK,
            "f_mntfromname": "OneFS",
            "f_mntonname": "/ifs",
            "f_namemax": 255,
            "f_owner": 0,
            "f_type": 0,
            "f_version": 538_182_935,
        }
    )


CLUSTER = (
    Resource("GET", "cluster/config", _config),
    Resource("GET", "cluster/identity", _identity),
    Resource("GET", "cluster/version", _versions, 3),
    Resource("GET", "cluster/time", _time),
    Resource("GET", "cluster/statfs", _statfs, privilege="ISI_PRIV_STATISTICS"),
)
