"""The kill switch while the agent runs: a row in the store (the command, the API), a file in the state folder, the setting.

The row is asked again in the transaction that starts a run. The file is for when nothing else answers: whoever can write the state
folder can stop runs by `touch`. It decides nothing about runs that have begun.
"""

from __future__ import annotations

from collections.abc import Mapping

from mendwatch.model.controls import STOP_NAME, Control, ControlKind
from mendwatch.remediation.parts import Parts
from mendwatch.store.interface import Store
from mendwatch.store.transitions import stopped_words

#: Why nothing starts where the setting says so.
OFF = "runs are switched off (runs.enabled is false)"


async def stopped(parts: Parts) -> str:
    """Say why no run may start now; empty where runs may. Raises StoreError."""
    if not parts.enabled():
        return OFF
    filed = parts.stop_file()
    if filed is not None:
        return filed
    found = await parts.store.controls.get(ControlKind.STOP, STOP_NAME)
    return "" if found is None else stopped_words(found)


async def stop(store: Store, actor: str, reason: str) -> Control:
    """Stop runs: from now on none starts."""
    value: Mapping[str, object] = {"reason": reason}
    return await store.controls.set(ControlKind.STOP, STOP_NAME, value, actor=actor, what="runs.stopped", detail=value)


async def allow(store: Store, actor: str, reason: str) -> Control | None:
    """Allow runs again; gives who had stopped them, None where nobody had."""
    detail = {"reason": reason}
    return await store.controls.clear(ControlKind.STOP, STOP_NAME, actor=actor, what="runs.allowed", detail=detail)
