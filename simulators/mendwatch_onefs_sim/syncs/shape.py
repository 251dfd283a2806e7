"""Policies, jobs and reports as JSON. Most of the numbers of a report are 0 here: nothing reads them."""

from __future__ import annotations

from typing import Any

from mendwatch_onefs_sim.syncs.policy import Job, Policy, Report, TargetPolicy

#: The counts that reports and jobs have.
_COUNTS = (
    "ads_streams_replicated", "block_specs_replicated", "bytes_recoverable", "char_specs_replicated", "committed_files",
    "corrected_lins", "directories_replicated", "dirs_changed", "dirs_deleted", "dirs_moved", "dirs_new",
    "error_checksum_files_skipped", "error_io_files_skipped", "error_net_files_skipped", "failed_chunks", "fifos_replicated",
    "file_data_bytes", "files_changed", "files_linked", "files_new", "files_selected", "files_transferred", "files_unlinked",
    "files_with_ads_replicated", "flipped_lins", "hard_links_replicated", "hash_exceptions_fixed", "hash_exceptions_found",
    "lins_total", "network_bytes_to_source", "network_bytes_to_target", "new_files_replicated", "num_retransmitted_files",
    "quotas_deleted", "regular_files_replicated", "resynced_lins", "retry", "running_chunks", "sockets_replicated",
    "source_bytes_recovered", "source_directories_created", "source_directories_deleted", "source_directories_linked",
    "source_directories_unlinked", "source_directories_visited", "source_files_deleted", "source_files_linked",
    "source_files_unlinked", "sparse_data_bytes", "succeeded_chunks", "symlinks_replicated", "target_bytes_recovered",
    "target_directories_created", "target_directories_deleted", "target_directories_linked", "target_directories_unlinked",
    "target_files_deleted", "target_files_linked", "target_files_unlinked", "total_chunks", "total_data_bytes",
    "total_exported_services", "total_files", "total_network_bytes", "total_phases", "unchanged_data_bytes",
    "up_to_date_files_skipped", "updated_files_replicated", "user_conflict_files_skipped", "worm_committed_file_conflicts",
)  # fmt: skip


def policy_json(policy: Policy, epoch: int) -> dict[str, Any]:
    """Give a policy as `sync/policies` shows it."""
    return {
        **_choices(),
        "action": "sync",
        "conflicted": policy.conflicted,
        "enabled": policy.enabled,
        "has_sync_state": policy.synced,
        "id": policy.id,
        "last_job_state": policy.state,
        "last_started": policy.last_started,
        "last_success": policy.last_success,
        "name": policy.name,
        "next_run": policy.next_run(epoch),
        "rpo_alert": policy.rpo,
        "schedule": policy.words,
        "source_root_path": policy.source,
        "target_host": policy.host,
        "target_path": policy.target,
    }


def _choices() -> dict[str, Any]:
    """Give what every policy has as OneFS chooses it."""
    off = (
        "accelerated_failback", "allow_copy_fb", "changelist", "database_mirrored", "delete_quotas", "disable_file_split",
        "disable_fofb", "disable_quota_tmp_dir", "disable_stf", "enable_hash_tmpdir", "expected_dataloss", "force_interface",
        "ignore_recursive_quota", "log_removed_files", "password_set", "restrict_target_network", "service_policy", "skip_lookup",
        "skip_when_source_unmodified", "snapshot_sync_existing", "source_snapshot_archive", "sync_existing_snapshot_expiration",
        "target_compare_initial_sync", "target_detect_modifications", "target_snapshot_archive",
    )  # fmt: skip
    empty = (
        "description", "elliptic_curve_list", "encryption_cipher_list", "ocsp_address", "ocsp_issuer_certificate_id",
        "source_certificate_id",
    )  # fmt: skip
    return {
        **dict.fromkeys(off, False),
        **dict.fromkeys(empty, ""),
        "check_integrity": True,
        "cloud_deep_copy": "deny",
        "encrypted": True,
        "job_delay": None,
        "log_level": "notice",
        "priority": 0,
        "report_max_age": 31_536_000,
        "report_max_count": 2000,
        "source_domain_marked": False,
        "source_exclude_directories": [],
        "source_include_directories": [],
        "workers_per_node": 3,
    }


def job_json(policy: Policy, job: Job, epoch: int) -> dict[str, Any]:
    """Give the job of a policy as `sync/jobs` shows it."""
    spent = max(0, epoch - job.started)
    done = int(policy.size * min(1.0, spent / max(1, job.duration)))
    common = _common(policy, job.number, job.state, job.action)
    return {
        **common,
        "bytes_transferred": done,
        "duration": spent,
        "end_time": None,
        "error": "",
        "errors": [],
        "id": policy.name,
        "start_time": job.started,
        "workers": [],
    }


def report_json(policy: Policy, report: Report) -> dict[str, Any]:
    """Give a report as `sync/reports` shows it."""
    common = _common(policy, report.number, report.state, report.action)
    return {
        **common,
        "bytes_transferred": report.size,
        "duration": report.ended - report.started,
        "end_time": report.ended,
        "error": report.errors[0] if report.errors else "",
        "errors": list(report.errors),
        "id": f"{report.number:05}-{policy.name}",
        "start_time": report.started,
        "subreport_count": 1,
    }


def _common(policy: Policy, number: int, state: str, action: str | None) -> dict[str, Any]:
    return {
        **dict.fromkeys(_COUNTS, 0),
        "action": action or "run",
        "dead_node": False,
        "encrypted": True,
        "job_id": number,
        "phases": [],
        "policy": {
            "action": "sync",
            "name": policy.name,
            "source_exclude_directories": [],
            "source_include_directories": [],
            "source_root_path": policy.source,
            "target_host": policy.host,
            "target_path": policy.target,
        },
        "policy_action": "sync",
        "policy_id": policy.id,
        "policy_name": policy.name,
        "retransmitted_files": [],
        "service_report": [],
        "state": state,
        "sync_type": "incremental" if policy.synced else "initial",
        "target_snapshots": [],
        "throughput": "0 b/s",
        "warnings": [],
    }


def target_json(policy: TargetPolicy) -> dict[str, Any]:
    """Give a policy of another cluster as `sync/target/policies` shows it."""
    return {
        "failover_failback_state": policy.failover,
        "id": policy.id,
        "last_job_state": policy.state,
        "last_source_coordinator_ip": "192.0.2.10",
        "last_update_from_source": policy.updated,
        "legacy_policy": False,
        "name": policy.name,
        "source_cluster_guid": policy.guid,
        "source_host": policy.source,
        "target_path": policy.target,
    }
