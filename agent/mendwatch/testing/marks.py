"""The twin in memory of the store's marks."""

from __future__ import annotations


class MemoryMarks:
    """Marks by target and collector; `writes` counts them."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.writes = 0

    async def of(self, target: str, collector: str) -> str | None:
        """Give the mark that was kept last, None where there is none."""
        return self.kept.get((target, collector))

    async def keep(self, target: str, collector: str, mark: str) -> None:
        """Keep a mark in place of the one before."""
        self.kept[target, collector] = mark
        self.writes += 1
