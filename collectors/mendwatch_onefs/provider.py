"""The provider `onefs`: what the agent finds by its entry point. It builds, and knows no endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from mendwatch.clock import Clock, SystemClock
from mendwatch.model.targets import Credential, Target
from mendwatch.provider import Check, Collector, Need, Stream, Suggestion
from mendwatch_onefs.addresses import base_url
from mendwatch_onefs.auth_providers import AuthProvidersCollector
from mendwatch_onefs.capacity import CapacityCollector
from mendwatch_onefs.certificates import CertificatesCollector
from mendwatch_onefs.cloud_pools import CloudPoolsCollector
from mendwatch_onefs.cluster import ClusterCollector
from mendwatch_onefs.data_mover import DataMoverCollector
from mendwatch_onefs.dedupe import DedupeCollector
from mendwatch_onefs.events import EventsCollector
from mendwatch_onefs.examination import Examination, inspected
from mendwatch_onefs.file_pools import FilePoolsCollector
from mendwatch_onefs.healthchecks import HealthchecksCollector
from mendwatch_onefs.job_engine import JobEngineCollector
from mendwatch_onefs.licences import LicencesCollector
from mendwatch_onefs.network import NetworkCollector
from mendwatch_onefs.nfs_activity import NfsCollector
from mendwatch_onefs.nodes import NodesCollector
from mendwatch_onefs.ntp import NtpCollector
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.protocols_services import NodeServicesCollector, ServicesCollector
from mendwatch_onefs.quotas import QuotasCollector
from mendwatch_onefs.quotas_summary import QuotasSummaryCollector
from mendwatch_onefs.recording import RecordingSession, record
from mendwatch_onefs.repairs import RepairsCollector
from mendwatch_onefs.s3_buckets import S3Collector
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.smartconnect import SmartConnectCollector
from mendwatch_onefs.smb_activity import SmbCollector
from mendwatch_onefs.snapshots import SnapshotsCollector
from mendwatch_onefs.statistics import StatisticsCollector
from mendwatch_onefs.storage_pools import StoragePoolsCollector
from mendwatch_onefs.summary_client import ClientSummaryCollector
from mendwatch_onefs.summary_drive import DriveSummaryCollector
from mendwatch_onefs.summary_heat import HeatSummaryCollector
from mendwatch_onefs.summary_protocol import ProtocolSummaryCollector
from mendwatch_onefs.summary_system import SystemSummaryCollector
from mendwatch_onefs.summary_workload import WorkloadSummaryCollector
from mendwatch_onefs.synciq import SyncIQCollector
from mendwatch_onefs.synciq_certificates import SyncIQCertificatesCollector
from mendwatch_onefs.time_skew import TimeSkewCollector
from mendwatch_onefs.upgrade import UpgradeCollector


@dataclass(frozen=True, slots=True)
class OneFSProvider:
    """Dell PowerScale clusters. Implements mendwatch.provider.Provider."""

    clock: Clock = field(default_factory=SystemClock)
    name: str = "onefs"
    target_label: str = "cluster"
    metric_prefix: str = "powerscale"
    options_model: type[BaseModel] = OneFSOptions
    needs_credential: bool = True

    def open(self, target: Target, credential: Credential | None) -> OneFSSession:
        """Make a session without I/O.

        Raises:
            ConfigurationError: the address cannot be used.
        """
        return OneFSSession(target, _options(target), credential, self.clock)

    def collectors(self) -> Sequence[Collector]:
        """Give one collector per aspect."""
        return (
            ClusterCollector(),
            StatisticsCollector(),
            EventsCollector(),
            QuotasCollector(),
            QuotasSummaryCollector(),
            NodesCollector(),
            StoragePoolsCollector(),
            CapacityCollector(),
            NetworkCollector(),
            SmartConnectCollector(),
            TimeSkewCollector(self.clock),
            NtpCollector(),
            CertificatesCollector(),
            JobEngineCollector(),
            HealthchecksCollector(),
            RepairsCollector(),
            LicencesCollector(),
            UpgradeCollector(),
            AuthProvidersCollector(),
            ServicesCollector(),
            NodeServicesCollector(),
            SmbCollector(),
            NfsCollector(),
            S3Collector(),
            DedupeCollector(),
            FilePoolsCollector(),
            CloudPoolsCollector(),
            DataMoverCollector(),
            SnapshotsCollector(),
            SyncIQCollector(),
            SyncIQCertificatesCollector(),
            ProtocolSummaryCollector(),
            ClientSummaryCollector(),
            DriveSummaryCollector(),
            HeatSummaryCollector(),
            SystemSummaryCollector(),
            WorkloadSummaryCollector(),
        )

    def streams(self) -> Sequence[Stream]:
        """Give none: OneFS does not push."""
        return ()

    def examine(
        self, target: Target, read: Credential | None, write: Credential | None, needs: Sequence[Need]
    ) -> AsyncIterator[Check]:
        """Examine one cluster; see mendwatch.provider.Examiner."""
        return Examination(target, _options(target), self.clock).checks(read, write, needs)

    async def suggest(self, target: Target) -> Sequence[Suggestion]:
        """Suggest to pin a certificate that nobody vouches for.

        Raises:
            TargetError: nothing answers at the address.
        """
        return await Examination(target, _options(target), self.clock).suggestions()

    async def inspect(self, target: Target, read: Credential | None) -> Mapping[str, object]:
        """Give what the cluster says of itself.

        Raises:
            TargetError: it cannot be asked.
        """
        session = self.open(target, read)
        try:
            return await inspected(session)
        finally:
            await session.close()

    async def record(self, target: Target, read: Credential | None, collectors: Sequence[Collector], folder: Path) -> int:
        """Write down what each collector reads, without secrets; see mendwatch.provider.Recorder.

        Raises:
            TargetError: the cluster cannot be asked at all.
        """
        session = RecordingSession(target, _options(target), read, self.clock)
        try:
            return await record(session, collectors, self.clock.now(), folder)
        finally:
            await session.close()

    def playbook_environment(self, target: Target, credential: Credential) -> Mapping[str, str]:
        """Give what our Ansible modules read; the only place where a password leaves as plain text.

        Raises:
            ConfigurationError: the address cannot be used.
        """
        options = _options(target)
        environment = {
            "MENDWATCH_ONEFS_URL": str(base_url(target.address)),
            "MENDWATCH_ONEFS_USERNAME": credential.username,
            "MENDWATCH_ONEFS_PASSWORD": credential.password.reveal(),
            "MENDWATCH_ONEFS_TIMEOUT": f"{options.timeout:g}",
        }
        if options.ca_file:
            environment["MENDWATCH_ONEFS_CA_FILE"] = str(options.ca_file)
        if options.fingerprint:
            environment["MENDWATCH_ONEFS_FINGERPRINT"] = options.fingerprint
        return environment


def _options(target: Target) -> OneFSOptions:
    """Read the options, which the agent has validated."""
    return OneFSOptions.model_validate(dict(target.options))
