"""dedupe/dedupe-summary, filepool/policies, cloud/pools, accounts and jobs, datamover/policies and jobs."""

from __future__ import annotations

from typing import Any

from mendwatch_onefs_sim.answers import Answer
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.operations.placement import CloudJob, FilePolicy, MoverJob, MoverPolicy
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_POOLS, _ACCOUNTS, _JOBS = "cloud/pools", "cloud/accounts", "cloud/jobs"
_POLICIES, _MOVES = "datamover/policies", "datamover/jobs"
_CLOUD = "ISI_PRIV_CLOUDPOOLS"
_MOVER = "ISI_PRIV_DATAMOVER"


def _dedupe(cluster: Cluster, _: Call) -> Answer:
    now = cluster.operations.dedupe
    summary = {
        "block_size": now.block_size,
        "estimated_physical_blocks": now.estimated_physical,
        "estimated_saved_blocks": now.estimated_saved,
        "logical_blocks": now.logical,
        "saved_logical_blocks": now.saved,
        "total_blocks": now.total,
        "used_blocks": now.used,
    }
    return Answer(body={"summary": summary})


def _file_policies(cluster: Cluster, _: Call) -> Answer:
    every = cluster.operations.file_policies.all()
    return Answer(body={"policies": [_file_policy(one, cluster.hardware.guid) for one in every], "total": len(every)})


def _file_policy(one: FilePolicy, guid: str) -> dict[str, object]:
    criterion = {"operator": ">", "type": "size", "units": "MB", "value": "64"}
    return {
        "actions": [{"action_param": "archive", "action_type": "apply_data_storage_policy"}],
        "apply_order": one.order,
        "birth_cluster_id": guid,
        "description": "A policy",
        "file_matching_pattern": {"or_criteria": [{"and_criteria": [criterion]}]},
        "id": one.name,
        "name": one.name,
        "state": one.state,
        "state_details": one.details,
    }


def _pools(cluster: Cluster, call: Call) -> Answer:
    page, every = asked(call.query, _POOLS), sorted(cluster.operations.cloud.pools.items())
    shown, resume = cut(page, _POOLS, every, lambda one: one[0])
    pools = [{**_cloudy(cluster, *one), "accounts": ["cloud-account-1"]} for one in shown]
    return Answer(body={"pools": pools, "resume": resume, "total": len(every)})


def _accounts(cluster: Cluster, call: Call) -> Answer:
    page, every = asked(call.query, _ACCOUNTS), sorted(cluster.operations.cloud.accounts.items())
    shown, resume = cut(page, _ACCOUNTS, every, lambda one: one[0])
    accounts = [{**_cloudy(cluster, *one), "enabled": True, "uri": "https://cloud.example.com"} for one in shown]
    return Answer(body={"accounts": accounts, "resume": resume, "total": len(every)})


def _cloudy(cluster: Cluster, name: str, state: str) -> dict[str, object]:
    return {"birth_cluster_id": cluster.hardware.guid, "id": name, "name": name, "state": state, "state_details": "", "type": "ecs"}


def _cloud_jobs(cluster: Cluster, call: Call) -> Answer:
    page, every = asked(call.query, _JOBS), [job for _, job in sorted(cluster.operations.cloud.jobs.items())]
    shown, resume = cut(page, _JOBS, every, lambda job: f"{job.id:012}")
    return Answer(body={"jobs": [_cloud_job(cluster, job) for job in shown], "resume": resume, "total": len(every)})


def _cloud_job(cluster: Cluster, job: CloudJob) -> dict[str, object]:
    files = {"total": job.files, "total_canceled": 0, "total_failed": job.failed, "total_pending": 0, "total_processing": 0}
    return {
        "create_time": cluster.epoch(job.created),
        "description": "",
        "effective_state": job.state,
        "files": {**files, "total_succeeded": job.files - job.failed},
        "id": job.id,
        "job_state": job.state,
        "operation_state": "running",
        "state_change_time": cluster.epoch(job.created),
        "type": job.kind,
    }


def _mover_policies(cluster: Cluster, call: Call) -> Answer:
    page, every = asked(call.query, _POLICIES), [one for _, one in sorted(cluster.operations.data_mover.policies.items())]
    shown, resume = cut(page, _POLICIES, every, lambda one: f"{one.id:012}")
    return Answer(body={"policies": [_mover_policy(one) for one in shown], "resume": resume, "total": len(every)})


def _mover_policy(one: MoverPolicy) -> dict[str, Any]:
    return {
        "disabled_by_dm": one.disabled_by_system,
        "enabled": one.enabled,
        "id": one.id,
        "name": one.name,
        "priority": "NORMAL",
        "validity": True,
        "version": 1,
    }


def _mover_jobs(cluster: Cluster, call: Call) -> Answer:
    page, every = asked(call.query, _MOVES), [job for _, job in sorted(cluster.operations.data_mover.jobs.items())]
    shown, resume = cut(page, _MOVES, every, lambda job: f"{job.id:012}")
    return Answer(body={"jobs": [_mover_job(cluster, job) for job in shown], "resume": resume, "total": len(every)})


def _mover_job(cluster: Cluster, job: MoverJob) -> dict[str, object]:
    tasks = [
        {"error_msg": message, "id": number, "task_state": "failed", "task_type": "file xfer by id"}
        for number, message in enumerate(job.failed_tasks, 1)
    ]
    return {
        "id": job.id,
        "job_control_request": "NONE",
        "job_failed_tasks": tasks,
        "job_policy_id": job.policy,
        "job_priority": "NORMAL",
        "job_start_time": cluster.epoch(job.started),
        "job_state": job.state,
        "job_state_flags": 1 if tasks else 0,
        "job_type": "DATASET_CREATION_JOB",
    }


PLACEMENT = (
    Resource("GET", "dedupe/dedupe-summary", _dedupe, privilege="ISI_PRIV_JOB_ENGINE"),
    Resource("GET", "filepool/policies", _file_policies, privilege="ISI_PRIV_SMARTPOOLS"),
    Resource("GET", _POOLS, _pools, 3, _CLOUD),
    Resource("GET", _ACCOUNTS, _accounts, 3, _CLOUD),
    Resource("GET", _JOBS, _cloud_jobs, 3, _CLOUD),
    Resource("GET", _POLICIES, _mover_policies, 15, _MOVER),
    Resource("GET", _MOVES, _mover_jobs, 15, _MOVER),
)
