"""The upgrade of the cluster as it stands: committed, or somewhere on the way to another release."""

from __future__ import annotations

from dataclasses import dataclass, replace

COMMITTED, UPGRADED, UPGRADING, ROLLING_BACK, FAILED = "committed", "upgraded", "upgrading", "rolling back", "error"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """How far an upgrade is; `target` is the release to reach, `upgraded` how many nodes run it, `started` elapsed seconds."""

    state: str = COMMITTED
    target: str | None = None
    upgraded: int = 0
    started: float | None = None


class Upgrades:
    """Holds the present upgrade; only the mutators move it on."""

    def __init__(self) -> None:
        self.present = Upgrade()

    def begin(self, target: str, now: float) -> None:
        """Start a rolling upgrade."""
        self.present = Upgrade(UPGRADING, target, 0, now)

    def progress(self, upgraded: int) -> None:
        """Let so many nodes run the new release."""
        self.present = replace(self.present, upgraded=upgraded)

    def fail(self) -> None:
        """Let the upgrade stop with an error."""
        self.present = replace(self.present, state=FAILED)

    def finish(self, nodes: int) -> None:
        """Let all nodes run the new release; what remains is to commit."""
        self.present = replace(self.present, state=UPGRADED, upgraded=nodes)

    def commit(self) -> None:
        """End the upgrade."""
        self.present = Upgrade()
