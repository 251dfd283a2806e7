"""Worlds of the remediations of what clients hold, and of how they come to nodes."""

from __future__ import annotations

from remediation_world import Again, World

from mendwatch_onefs_sim.operations.clients import OpenFile, SmbSession
from mendwatch_onefs_sim.server import Simulator

HOUR = 3600.0
FILE = "/ifs/data/share/budget.xlsx"
CAROL = "EXAMPLE\\carol"
GONE = "client9.example.com"
POOL0, POOL1 = "groupnet0.subnet0.pool0", "groupnet0.subnet0.pool1"


def sleeper(sim: Simulator, user: str = CAROL, path: str = FILE) -> SmbSession:
    """Let a client that sleeps hold a locked file on the node that answers, beside one that is awake and holds as much."""
    smb, now = sim.cluster.operations.smb, sim.cluster.elapsed
    awake = smb.connect(1, "EXAMPLE\\dave", "10.20.0.98", now)
    smb.open_file(awake.id, "/ifs/data/share/other.xlsx", locks=2)
    asleep = smb.connect(1, user, "10.20.0.99", now - 3 * HOUR)
    smb.open_file(asleep.id, path, locks=3)
    return asleep


def file_stuck(sim: Simulator, path: str = FILE) -> dict[str, object]:
    sleeper(sim, path=path)
    return {"path": path}


def file_of_two(sim: Simulator, user: str = CAROL) -> dict[str, object]:
    """Let two users hold the same file open."""
    sleeper(sim, user)
    smb = sim.cluster.operations.smb
    other = smb.connect(1, "EXAMPLE\\erin", "10.20.0.97", sim.cluster.elapsed)
    smb.open_file(other.id, FILE, locks=1)
    return {"path": FILE, "user": user}


def stuck_file(sim: Simulator) -> OpenFile:
    return next(one for one in sim.cluster.operations.smb.files() if one.locks == 3)


def locked_files(sim: Simulator) -> object:
    """Give how many locks each file has that is locked; no other world than these locks one."""
    return [one.locks for one in sim.cluster.operations.smb.files() if one.locks]


def give_the_id_again(sim: Simulator) -> None:
    sim.cluster.operations.smb.use_again(stuck_file(sim), "/ifs/data/share/innocent.docx")


def session_asleep(sim: Simulator) -> dict[str, object]:
    sleeper(sim)
    return {"node": "1", "idle_seconds": 7200}


def wake_up(sim: Simulator) -> None:
    smb = sim.cluster.operations.smb
    session = next(one for one in smb.sessions() if one.id == stuck_file(sim).session)
    smb.wake(session, sim.cluster.elapsed)


def computers(sim: Simulator) -> object:
    return [one.computer for one in sim.cluster.operations.smb.sessions() if one.computer.startswith("10.20.0.")]


def host_gone(sim: Simulator, host: str | None = None) -> dict[str, object]:
    """Let a host be gone that holds two locks; another one that was named has a namesake among those that answer."""
    nfs = sim.cluster.operations.nfs
    nfs.know(host or GONE, "10.30.0.99", "RPC: Timed out")
    for number in range(2):
        nfs.lock(host or GONE, f"/ifs/data/export/stale-{number}.lock", sim.cluster.elapsed - HOUR)
    if host is None:
        return {}
    nfs.know("another that is gone", "10.30.0.98", "RPC: Timed out")
    return {"host": host}


def stale_locks(sim: Simulator) -> object:
    return [lock.path for lock in sim.cluster.operations.nfs.locks if "stale" in lock.path]


def take_a_lock(sim: Simulator) -> None:
    """Let the host come back and lock one more file."""
    sim.cluster.operations.nfs.lock(GONE, "/ifs/data/export/new.lock", sim.cluster.elapsed)


def suspended(sim: Simulator) -> object:
    return [pool.suspended for pool in sim.cluster.fabric.pools.values()]


def node_suspended(sim: Simulator) -> dict[str, object]:
    sim.cluster.fabric.suspend("pool0", [2, 3])
    return {"node": "3", "pool": POOL0}


def node_in_use(_: Simulator) -> dict[str, object]:
    return {"node": "3"}


def addresses_moved(sim: Simulator) -> dict[str, object]:
    sim.cluster.fabric.move_addresses("pool1", 2, 3)
    return {"pool": POOL1}


def addresses(sim: Simulator) -> object:
    return [len(one.addresses) for one in sim.cluster.fabric.interfaces.values() if one.pool == "pool1"]


FILES = (
    World(
        "smb_file_close",
        trouble=file_stuck,
        probe=locked_files,
        after=[2],
        drift=give_the_id_again,
        writes=("DELETE /platform/1/protocols/smb/openfiles/{}",),
        undone=False,
        named={"path": file_stuck, "user": file_of_two},
        brief=True,
    ),
    World(
        "smb_file_close",
        title="of-one-of-two",
        trouble=file_of_two,
        probe=locked_files,
        after=[2, 1],
        drift=lambda sim: sim.cluster.operations.smb.close_file(str(stuck_file(sim).id)),
        drifts=Again.UNCHANGED,
        writes=("DELETE /platform/1/protocols/smb/openfiles/{}",),
        undone=False,
    ),
    World(
        "smb_session_close",
        trouble=session_asleep,
        probe=computers,
        after=["10.20.0.98"],
        drift=wake_up,
        writes=("DELETE /platform/11/protocols/smb/sessions/{}",),
        undone=False,
    ),
    World(
        "nfs_lock_release",
        trouble=host_gone,
        probe=stale_locks,
        after=[],
        drift=take_a_lock,
        writes=("DELETE /platform/3/protocols/nfs/nlm/sessions/{}",),
        undone=False,
        named={"host": host_gone},
    ),
)
NAMES = (
    World(
        "smartconnect_node_suspend",
        trouble=node_in_use,
        probe=suspended,
        after=[(3,), (3,)],
        drift=lambda sim: sim.cluster.fabric.suspend("pool1", [3]),
        writes=(
            "POST /platform/3/network/groupnets/groupnet0/subnets/subnet0/pools/pool0/sc-suspend-nodes",
            "POST /platform/3/network/groupnets/groupnet0/subnets/subnet0/pools/pool1/sc-suspend-nodes",
        ),
    ),
    World(
        "smartconnect_node_suspend",
        title="in-one-pool",
        trouble=lambda _: {"node": "3", "pool": POOL1},
        probe=suspended,
        after=[(), (3,)],
        drift=lambda sim: sim.cluster.fabric.suspend("pool1", [3]),
        drifts=Again.UNCHANGED,
        writes=("POST /platform/3/network/groupnets/groupnet0/subnets/subnet0/pools/pool1/sc-suspend-nodes",),
    ),
    World(
        "smartconnect_node_resume",
        trouble=node_suspended,
        probe=suspended,
        after=[(2,), ()],
        drift=lambda sim: sim.cluster.fabric.resume("pool0", [3]),
        drifts=Again.UNCHANGED,
        writes=("POST /platform/3/network/groupnets/groupnet0/subnets/subnet0/pools/pool0/sc-resume-nodes",),
    ),
    World(
        "pool_ips_rebalance",
        trouble=addresses_moved,
        probe=addresses,
        after=[1, 1, 1, 1],
        drift=lambda sim: sim.cluster.fabric.move_addresses("pool1", 1, 3),
        writes=("POST /platform/3/network/groupnets/groupnet0/subnets/subnet0/pools/pool1/rebalance-ips",),
        undone=False,
    ),
)
WORLDS: tuple[World, ...] = (*FILES, *NAMES)
