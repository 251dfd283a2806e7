"""Targets and their accounts for the remediation engine: secrets are read when a run needs them and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mendwatch.config import loading
from mendwatch.config.settings import CredentialSettings, TargetSettings
from mendwatch.errors import NotFound
from mendwatch.model.targets import Target
from mendwatch.provider import Provider
from mendwatch.remediation.parts import Tier


class ConfiguredAccess:
    """Access by the configuration; `targets` carry the options that their provider validated."""

    def __init__(
        self, settings: Iterable[TargetSettings], targets: Iterable[Target], providers: Mapping[str, Provider], folder: Path
    ) -> None:
        self._settings = {one.name: one for one in settings}
        self._targets = {target.id: target for target in targets}
        self._providers = providers
        self._folder = folder

    def target(self, target_id: str) -> Target:
        """Give a target by its id. Raises NotFound."""
        if target_id not in self._targets:
            raise NotFound(f"there is no target {target_id!r}", hint="It may have been taken out of the configuration.")
        return self._targets[target_id]

    def has(self, target: Target, tier: Tier) -> bool:
        """Tell whether an account of that tier is configured."""
        return self._account(target, tier) is not None

    def environment(self, target: Target, tier: Tier) -> Mapping[str, str] | None:
        """Give the environment for that target's playbooks, with the secret read now; None without such an account."""
        credential = loading.credential_of(self._account(target, tier), self._folder)
        return None if credential is None else self._providers[target.provider].playbook_environment(target, credential)

    def _account(self, target: Target, tier: Tier) -> CredentialSettings | None:
        accounts = self._settings[target.id].credentials
        return accounts.write if tier == "write" else accounts.read
