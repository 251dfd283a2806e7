"""The session that the core holds: the client, and what all collectors of one cluster have learned together."""

from __future__ import annotations

from typing import Any, TypeVar

from mendwatch.clock import Clock
from mendwatch.model.targets import Credential, Identity, Target
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.cluster import ClusterConfig, identity_of
from mendwatch_onefs.options import OneFSOptions

M = TypeVar("M")


class OneFSSession(OneFSClient):
    """An open conversation with one cluster, shared by its collectors."""

    def __init__(self, target: Target, options: OneFSOptions, credential: Credential | None, clock: Clock) -> None:
        super().__init__(target, options, credential, clock)
        self._memories: dict[type[Any], Any] = {}

    def memory(self, kind: type[M]) -> M:
        """Give a collector's own memory of this cluster, made anew at the first call; collectors themselves serve all clusters."""
        if kind not in self._memories:
            self._memories[kind] = kind()
        found: M = self._memories[kind]
        return found

    async def identify(self) -> Identity:
        """Ask the cluster for its name and release, and let go of what is known of another one.

        Raises:
            TargetError: it cannot be asked.
        """
        self.forget_release()
        latest = await self.latest()
        config = await self.get(3, "cluster/config", ClusterConfig)
        identity = identity_of(config, latest, self.where)
        self.release = identity.version
        return identity
