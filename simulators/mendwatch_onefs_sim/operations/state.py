"""All of it together, as the cluster holds it: one attribute for each aspect, which incidents change by its mutators."""

from __future__ import annotations

from collections.abc import Iterable

from mendwatch_onefs_sim.operations.checks import HealthChecks
from mendwatch_onefs_sim.operations.clients import NfsClients, SmbClients, starting_buckets
from mendwatch_onefs_sim.operations.gathers import Gathers
from mendwatch_onefs_sim.operations.jobs import JobEngine
from mendwatch_onefs_sim.operations.licences import Licences, day_of
from mendwatch_onefs_sim.operations.placement import Cloud, DataMover, Dedupe, FilePolicies
from mendwatch_onefs_sim.operations.providers import AuthProviders
from mendwatch_onefs_sim.operations.repairs import Repairs
from mendwatch_onefs_sim.operations.services import Services
from mendwatch_onefs_sim.operations.time_servers import TimeServers
from mendwatch_onefs_sim.operations.upgrades import Upgrades


class Operations:
    """What runs on a cluster of these nodes (logical numbers) that started at `epoch`."""

    def __init__(self, nodes: Iterable[int], epoch: float) -> None:
        self.jobs = JobEngine()
        self.checks = HealthChecks()
        self.repairs = Repairs(self.checks)
        self.gathers = Gathers()
        self.licences = Licences(day_of(epoch))
        self.upgrades = Upgrades()
        self.auth_providers = AuthProviders()
        self.services = Services()
        self.time_servers = TimeServers()
        self.smb = SmbClients(nodes)
        self.nfs = NfsClients()
        self.buckets = starting_buckets()
        self.dedupe = Dedupe()
        self.file_policies = FilePolicies()
        self.cloud = Cloud()
        self.data_mover = DataMover()

    def settle(self, now: float) -> None:
        """Bring what runs by itself up to a moment, in elapsed seconds."""
        self.jobs.settle(now)
        self.repairs.settle(now)
        self.checks.settle(now)
        self.gathers.settle(now)
