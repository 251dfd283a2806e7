"""Worlds of the remediations of what clients and nodes depend on: protocols, names, the time."""

from __future__ import annotations

from remediation_world import Again, World

from mendwatch_onefs_sim.server import Simulator

PROTOCOLS = {"smb": 7, "nfs": 14, "s3": 10}


def switched_off(protocol: str) -> World:
    """Make the world in which a protocol is off."""

    def trouble(sim: Simulator) -> dict[str, object]:
        sim.cluster.operations.services.switch(protocol, on=False)
        return {"protocol": protocol}

    return World(
        "protocol_service_on",
        trouble=trouble,
        probe=lambda sim: {name: sim.cluster.operations.services.on(name) for name in PROTOCOLS},
        after=dict.fromkeys(PROTOCOLS, True),
        drift=lambda sim: sim.cluster.operations.services.switch(protocol, on=True),
        drifts=Again.UNCHANGED,
        writes=(f"PUT /platform/{PROTOCOLS[protocol]}/protocols/{protocol}/settings/global",),
        title=protocol,
    )


def no_server(sim: Simulator, name: str = "ntp.example.com") -> dict[str, object]:
    sim.cluster.operations.time_servers.clear()
    return {"server": name}


def other_server(sim: Simulator) -> object:
    return sim.cluster.operations.time_servers.add("ntp7.example.com")


def nothing(_: Simulator) -> dict[str, object]:
    return {}


WORLDS: tuple[World, ...] = (
    *map(switched_off, PROTOCOLS),
    World(
        "ntp_server_add",
        trouble=no_server,
        probe=lambda sim: sim.cluster.operations.time_servers.all(),
        after=["ntp.example.com"],
        drift=other_server,
        writes=("POST /platform/3/protocols/ntp/servers",),
        named={"server": no_server},
    ),
    World(
        "dns_cache_flush",
        trouble=nothing,
        probe=lambda sim: sim.cluster.fabric.flushes > 0,
        after=True,
        drift=None,  # nobody can see what the cache holds
        writes=("POST /platform/3/network/dnscache/flush",),
        again=Again.REPEATED,
        undone=False,
    ),
)
