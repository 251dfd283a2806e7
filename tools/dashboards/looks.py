"""What colours and words mean, the same on every dashboard: thresholds, and the words for 0 and 1.

It knows no metric and no panel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Thresholds as (value, colour) from low to high; the first holds from minus infinity on.
Steps = tuple[tuple[float | None, str], ...]

PLAIN: Steps = ((None, "green"),)
#: Any at all is bad.
ANY_IS_BAD: Steps = ((None, "green"), (1, "red"))
ANY_IS_ODD: Steps = ((None, "green"), (1, "orange"))
#: How full: OneFS slows down and protects less above 90 %.
FULL: Steps = ((None, "green"), (0.8, "orange"), (0.9, "red"))
#: A quota stops its users at its limit, and nobody else.
QUOTA: Steps = ((None, "green"), (0.85, "orange"), (0.95, "red"))
BUSY: Steps = ((None, "green"), (0.8, "orange"), (0.95, "red"))
DISK_BUSY: Steps = ((None, "green"), (0.7, "orange"), (0.9, "red"))
#: What clients feel: above 10 ms people notice, above 25 ms they call.
LATENCY: Steps = ((None, "green"), (0.01, "orange"), (0.025, "red"))
DISK_LATENCY: Steps = ((None, "green"), (0.025, "orange"), (0.1, "red"))
#: Of the recovery point objective, how much is used up.
OBJECTIVE: Steps = ((None, "green"), (0.8, "orange"), (1, "red"))
#: What is left until something is full or ends: red below a week, orange below a month.
LEFT: Steps = ((None, "red"), (7 * 86_400, "orange"), (30 * 86_400, "green"))
SKEW: Steps = ((None, "red"), (-60, "orange"), (-5, "green"), (5, "orange"), (60, "red"))
LOSS: Steps = ((None, "green"), (0.01, "orange"), (0.1, "red"))
TEMPERATURE: Steps = ((None, "green"), (60, "orange"), (75, "red"))
#: The event loop of the agent: polls and approvals wait so long.
LAG: Steps = ((None, "green"), (0.1, "orange"), (0.5, "red"))
BUDGET: Steps = ((None, "green"), (0.8, "orange"), (1, "red"))


@dataclass(frozen=True, slots=True)
class Word:
    """A value's word and colour."""

    value: int
    text: str
    colour: str


Words = tuple[Word, ...]
GOOD: Words = (Word(0, "no", "red"), Word(1, "yes", "green"))
BAD: Words = (Word(0, "no", "green"), Word(1, "yes", "red"))
ODD: Words = (Word(0, "no", "green"), Word(1, "yes", "orange"))
#: Neither is better: somebody chose it.
CHOSEN: Words = (Word(0, "no", "text"), Word(1, "yes", "text"))
HEALTH: Words = (Word(0, "healthy", "green"), Word(1, "attention", "orange"), Word(2, "down", "red"))


def thresholds(steps: Steps) -> dict[str, Any]:
    """Write thresholds as Grafana reads them."""
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for value, colour in steps]}


def mappings(words: Words) -> list[dict[str, Any]]:
    """Write words for values as Grafana reads them."""
    if not words:
        return []
    options = {str(word.value): {"color": word.colour, "index": place, "text": word.text} for place, word in enumerate(words)}
    return [{"options": options, "type": "value"}]
