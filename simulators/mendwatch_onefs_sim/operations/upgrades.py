"""The upgrade of the cluster as it stands: committed, or somewhere on the way to another release, one node after another."""

from __future__ import annotations

from dataclasses import dataclass, replace

COMMITTED, UPGRADED, UPGRADING, ROLLING_BACK, FAILED = "committed", "upgraded", "upgrading", "rolling back", "error"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """How far an upgrade is; `target` is the release to reach, `upgraded` how many nodes run it, `started` elapsed seconds.

    `step` is how many seconds a node takes, and `due` when the next one is done, or when all is committed by itself; None
    is for an upgrade that does not move on.
    """

    state: str = COMMITTED
    target: str | None = None
    upgraded: int = 0
    started: float | None = None
    step: float = 0.0
    due: float | None = None

    def release_of(self, lnn: int, before: str) -> str:
        """Give the release that a node runs where the cluster has committed `before`; nodes change in their order."""
        return self.target if self.target is not None and lnn <= self.upgraded else before


class Upgrades:
    """Holds the present upgrade; only the mutators move it on."""

    def __init__(self) -> None:
        self.present = Upgrade()

    def begin(self, target: str, now: float, step: float | None = None) -> None:
        """Start a rolling upgrade; with `step` it goes on by itself, one node in so many seconds, and is then committed."""
        due = None if step is None else now + step
        self.present = Upgrade(UPGRADING, target, 0, now, step or 0.0, due)

    def progress(self, upgraded: int) -> None:
        """Let so many nodes run the new release."""
        self.present = replace(self.present, upgraded=upgraded)

    def wait(self, since: float) -> None:
        """Let the next step take its time from a moment on."""
        self.present = replace(self.present, due=since + self.present.step)

    def fail(self) -> None:
        """Let the upgrade stop with an error."""
        self.present = replace(self.present, state=FAILED, due=None)

    def finish(self, nodes: int) -> None:
        """Let all nodes run the new release; what remains is to commit."""
        self.present = replace(self.present, state=UPGRADED, upgraded=nodes)

    def commit(self) -> None:
        """End the upgrade."""
        self.present = Upgrade()
