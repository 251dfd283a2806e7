"""The cluster's replication as it stands: policies, their jobs and reports, settings; changed only through here.

`settle` brings all up to a moment: jobs start when they are due, and end as their policy's trouble lets them.
"""

from __future__ import annotations

from dataclasses import replace

from mendwatch_onefs_sim.answers import bad_request, not_found
from mendwatch_onefs_sim.syncs.certificates import SyncCertificates
from mendwatch_onefs_sim.syncs.inventory import SETTINGS, starting_policies, starting_targets
from mendwatch_onefs_sim.syncs.policy import (
    ATTENTION,
    CANCELED,
    FAILED,
    FINISHED,
    PAUSED,
    RUNNING,
    Job,
    Policy,
    Report,
    TargetPolicy,
)

#: Reports that are kept of each policy.
_KEPT = 10
ACTIONS = ("resync_prep", "allow_write", "allow_write_revert", "test", "run")
_SERVICE = ("on", "off", "paused")


class SyncRegister:
    """Holds every policy by its name."""

    def __init__(self, epoch: int) -> None:
        self.settings = dict(SETTINGS)
        self.certificates = SyncCertificates(epoch)
        self.targets: list[TargetPolicy] = list(starting_targets(epoch))
        self._policies = {policy.name: policy for policy in starting_policies(epoch)}
        self._numbers = 1

    def settle(self, epoch: int) -> None:
        """Bring everything up to a moment."""
        for policy in self.all():
            policy = self._ended(policy, epoch)  # noqa: PLW2901 - the same policy, later
            due = policy.due(epoch) if self.settings["service"] == "on" else None
            if due is not None:
                policy = self._ended(self._begun(policy, due), epoch)  # noqa: PLW2901 - as above
            self._policies[policy.name] = policy

    def all(self) -> list[Policy]:
        """Give every policy in the order of names."""
        return sorted(self._policies.values(), key=lambda policy: policy.name)

    def get(self, key: str) -> Policy:
        """Give a policy by its name or its id.

        Raises:
            PapiError: 404.
        """
        for policy in self._policies.values():
            if key in {policy.name, policy.id}:
                return policy
        raise not_found(f"Policy '{key}' was not found", "id")

    def put(self, policy: Policy) -> None:
        """Keep a policy in place of the one with its name."""
        self._policies[policy.name] = policy

    def fail(self, key: str, error: str, epoch: int, *, conflict: bool = False) -> None:
        """Let a policy's jobs fail from now on, the first at once; in conflict it starts no more.

        Raises:
            PapiError: 404.
        """
        policy = replace(self.get(key), trouble=error)
        started = self._begun(replace(policy, job=None), epoch - policy.duration)
        self.put(replace(self._ended(started, epoch), conflicted=conflict))
        if conflict:
            self._report_attention(key)

    def heal(self, key: str) -> None:
        """Take the cause of failing jobs away; what has failed stays so until a job succeeds.

        Raises:
            PapiError: 404.
        """
        self.put(replace(self.get(key), trouble=None))

    def finish(self, key: str, epoch: int) -> None:
        """Let a job of a policy have ended well at this moment.

        Raises:
            PapiError: 404.
        """
        policy = replace(self.get(key), trouble=None)
        self.put(self._closed(self._begun(replace(policy, job=None), epoch - policy.duration), FINISHED, epoch))

    def start(self, key: str, action: str | None, epoch: int) -> Policy:
        """Start a job now.

        Raises:
            PapiError: 404, or 400 where the policy or the service lets none start.
        """
        policy = self.get(key)
        if self.settings["service"] != "on":
            raise bad_request("SyncIQ is disabled: jobs cannot be started", "service")
        if policy.job is not None:
            raise bad_request(f"Policy '{policy.name}' has a job already", "id")
        if policy.conflicted:
            raise bad_request(f"Policy '{policy.name}' needs attention; resolve or reset it first", "conflicted")
        self.put(self._begun(policy, epoch, action))
        return self.get(key)

    def steer(self, key: str, state: str, epoch: int) -> None:
        """Pause, resume or cancel the job of a policy.

        Raises:
            PapiError: 404 where there is no job, 400 for another state.
        """
        policy = self.get(key)
        if policy.job is None:
            raise not_found(f"Job '{key}' was not found", "id")
        if state not in {RUNNING, PAUSED, CANCELED}:
            raise bad_request(f"Value '{state}' of 'state' is not valid", "state")
        changed = replace(policy, job=replace(policy.job, state=state))
        self.put(self._closed(changed, CANCELED, epoch) if state == CANCELED else changed)

    def reset(self, key: str) -> Policy:
        """Forget what has been copied: the next job copies everything.

        Raises:
            PapiError: 404, or 400 while a job runs.
        """
        policy = self.get(key)
        if policy.job is not None:
            raise bad_request(f"Policy '{policy.name}' has a job and cannot be reset", "id")
        self.put(replace(policy, conflicted=False, synced=False))
        return self.get(key)

    def serve(self, state: object, epoch: int) -> None:
        """Switch the service on, off or to paused; off ends every job.

        Raises:
            PapiError: 400.
        """
        if state not in _SERVICE:
            raise bad_request(f"Value '{state}' of 'service' is not valid", "service")
        self.settings["service"] = state
        for policy in self.all():
            if policy.job is not None and state == "off":
                self.put(self._closed(policy, CANCELED, epoch))
            elif policy.job is not None:
                self.put(replace(policy, job=replace(policy.job, state=RUNNING if state == "on" else PAUSED)))

    def _begun(self, policy: Policy, epoch: int, action: str | None = None) -> Policy:
        self._numbers += 1
        return replace(policy, job=Job(self._numbers, epoch, policy.duration, action))

    def _ended(self, policy: Policy, epoch: int) -> Policy:
        job = policy.job
        if job is None or job.state != RUNNING or job.started + job.duration > epoch:
            return policy
        return self._closed(policy, FINISHED if policy.trouble is None else FAILED, job.started + job.duration)

    def _closed(self, policy: Policy, state: str, epoch: int) -> Policy:
        job = policy.job
        if job is None:
            return policy
        good = state == FINISHED
        errors = (policy.trouble,) if policy.trouble is not None else ()
        size = policy.size if good else 0
        report = Report(job.number, state, job.started, epoch, size, job.action, errors)
        reports = (*policy.reports, report)[-_KEPT:]
        success = epoch if good else policy.last_success
        return replace(policy, job=None, reports=reports, last_success=success, synced=policy.synced or good)

    def _report_attention(self, key: str) -> None:
        policy = self.get(key)
        newest = replace(policy.reports[-1], state=ATTENTION)
        self.put(replace(policy, reports=(*policy.reports[:-1], newest)))
