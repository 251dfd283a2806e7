"""The twin in memory of what people set by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mendwatch.clock import Clock
from mendwatch.model.controls import Control, ControlKind
from mendwatch.store.chain import Fact


class MemoryControls:
    """Controls by kind and name; `write` keeps an audit row, or raises and nothing is changed."""

    def __init__(self, clock: Clock, write: Callable[[Fact], object]) -> None:
        self._clock = clock
        self._write = write
        self._kept: dict[tuple[ControlKind, str], Control] = {}

    def now(self, kind: ControlKind, name: str) -> Control | None:
        """Give one control as it is at this moment."""
        return self._kept.get((kind, name))

    async def get(self, kind: ControlKind, name: str) -> Control | None:
        """Give one control, None where it is not set."""
        return self.now(kind, name)

    async def all(self, kind: ControlKind) -> Sequence[Control]:
        """Give all of a kind, by name."""
        return self.listed(kind)

    def listed(self, kind: ControlKind) -> Sequence[Control]:
        """Give all of a kind as they are at this moment."""
        return [control for key, control in sorted(self._kept.items()) if key[0] is kind]

    async def set(
        self, kind: ControlKind, name: str, value: Mapping[str, object], *, actor: str, what: str, detail: Mapping[str, object]
    ) -> Control:
        """Set a control in place of the one before."""
        control = Control(kind, name, self._clock.now(), actor, value)
        self._write(Fact(actor, what, name, detail))
        self._kept[kind, name] = control
        return control

    async def clear(self, kind: ControlKind, name: str, *, actor: str, what: str, detail: Mapping[str, object]) -> Control | None:
        """Clear a control and give it as it was; None where it was not set."""
        if (kind, name) not in self._kept:
            return None
        self._write(Fact(actor, what, name, detail))
        return self._kept.pop((kind, name))
