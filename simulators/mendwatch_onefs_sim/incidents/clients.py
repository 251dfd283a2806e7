"""Incidents that clients cause: a file that nobody else can open, locks of a host that is gone, one that asks too much."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.incidents.arguments import NUMBER, TEXT, WHOLE, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course
from mendwatch_onefs_sim.incidents.kinds import NODE, Kind, node_of
from mendwatch_onefs_sim.summaries.state import Client

_HOT_FILE = "/ifs/data/scratch/hot.db"


def _file_stuck(cluster: Cluster, given: Given) -> Course:
    """Let a client that sleeps hold locks on a file."""
    node, path, smb = node_of(cluster, given, usual=1), given.text("path"), cluster.operations.smb
    session = smb.connect(node.lnn, given.text("user"), "10.20.0.99", cluster.elapsed - given.number("idle"))
    file = smb.open_file(session.id, path, given.whole("locks"))

    def holds(cluster: Cluster, _: float) -> bool:
        return any(one.id == file.id for one in cluster.operations.smb.files())

    def end(cluster: Cluster, _: float) -> None:
        cluster.operations.smb.close_session(str(session.id))

    return Course(path, holds, end)


def _locks_stale(cluster: Cluster, given: Given) -> Course:
    """Let a host that holds locks be gone."""
    nfs, name = cluster.operations.nfs, given.text("host")
    host = nfs.know(name, "10.30.0.99", "RPC: Timed out")
    for number in range(given.whole("count")):
        nfs.lock(name, f"/ifs/data/export/stale-{number}.lock", cluster.elapsed - given.number("age"))

    def holds(cluster: Cluster, _: float) -> bool:
        return any(one.id == host.id for one in cluster.operations.nfs.hosts())

    def end(cluster: Cluster, _: float) -> None:
        cluster.operations.nfs.forget(host.id)

    return Course(name, holds, end)


def _hot_client(cluster: Cluster, given: Given) -> Course:
    """Let one client ask so much that all others wait."""
    summaries, protocol, rate = cluster.summaries, given.text("protocol"), given.number("rate")
    hot = Client(given.text("address"), protocol, rate, size=4096, user="batch", path=_HOT_FILE)
    summaries.leave(hot.address)
    summaries.arrive(hot)
    summaries.slow_down(protocol, given.number("factor"))
    summaries.crowd_in(given.number("load"))

    def holds(cluster: Cluster, _: float) -> bool:
        return hot in cluster.summaries.guests and cluster.datasets.allowed(hot) >= hot.rate

    def end(cluster: Cluster, _: float) -> None:
        cluster.summaries.leave(hot.address)

    def after(cluster: Cluster, _: float) -> None:
        cluster.summaries.recover(protocol)

    return Course(hot.address, holds, end, after=after)


CLIENT_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "smb-file-stuck": Kind(
            _file_stuck,
            "A client that sleeps keeps a file open and locked over SMB.",
            "DELETE protocols/smb/openfiles/{id} or protocols/smb/sessions/{id}",
            (
                NODE,
                Argument("path", TEXT, "/ifs/data/share/budget.xlsx", "the file"),
                Argument("user", TEXT, "EXAMPLE\\carol", "whose it is"),
                Argument("locks", WHOLE, 3, "how many locks are held"),
                Argument("idle", NUMBER, 7200.0, "for how many seconds the client has been silent"),
            ),
        ),
        "nfs-locks-stale": Kind(
            _locks_stale,
            "A host that holds NFS locks is gone and cannot be told to reclaim them.",
            "DELETE protocols/nfs/nlm/sessions/{id}",
            (
                Argument("host", TEXT, "client9.example.com", "the name of the host"),
                Argument("count", WHOLE, 25, "how many locks it holds", most=1000),
                Argument("age", NUMBER, 86_400.0, "how many seconds old they are"),
            ),
        ),
        "hot-client": Kind(
            _hot_client,
            "One client asks so much that a protocol gets slow for all.",
            "POST performance/datasets/{id}/workloads, or PUT .../{workload}, with a lower limit of protocol_ops",
            (
                Argument("address", TEXT, "10.20.0.250", "where it is"),
                Argument("protocol", TEXT, "nfs3", "what it speaks", among=("nfs3", "smb2")),
                Argument("rate", NUMBER, 20_000.0, "its operations per second"),
                Argument("factor", NUMBER, 6.0, "how many times as long an operation of the protocol takes", above=1.0),
                Argument("load", NUMBER, 1.3, "how many times as busy the nodes are", above=1.0),
            ),
        ),
    }
)
