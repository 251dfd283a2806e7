"""How a target and its collectors stand, as records for the rules: made after every poll, for who cannot be read has no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from mendwatch.alerting import core_schemas
from mendwatch.metrics import health
from mendwatch.metrics.health import CollectorHealth
from mendwatch.model.samples import Reading, Sample
from mendwatch.polling.outcomes import PollOutcome
from mendwatch.provider import CollectorSpec, Provider


class Standings:
    """Makes the readings of every target's health. It remembers when each target last gave anything."""

    def __init__(self) -> None:
        self._specs: dict[str, CollectorSpec] = {}
        self._succeeded: dict[str, datetime] = {}

    def spec(self, provider: Provider) -> CollectorSpec:
        """Give what declares the records of a provider."""
        if provider.name not in self._specs:
            self._specs[provider.name] = core_schemas.spec(provider)
        return self._specs[provider.name]

    def reading(self, outcome: PollOutcome, polled: CollectorHealth, *, up: bool | None) -> Reading:
        """Give the records of a target and of the collector that was polled; `up` is None as long as nothing is known."""
        target = outcome.target.id
        if polled.last_success is not None:
            before = self._succeeded.get(target, polled.last_success)
            self._succeeded[target] = max(before, polled.last_success)
        of_target = {"up": None if up is None else float(up), **_age(self._succeeded.get(target), outcome.at)}
        _, of_collector = schemas = self.spec(outcome.provider).schemas
        fields = schemas[0].fields
        samples = [Sample(fields[name], value) for name, value in of_target.items() if value is not None]
        samples += [Sample(of_collector.fields[name], value, (polled.name,)) for name, value in _collector(polled, outcome.at)]
        return Reading(tuple(samples))


def _collector(polled: CollectorHealth, now: datetime) -> Iterator[tuple[str, float]]:
    state = polled.state if polled.state in {health.OK, *core_schemas.STATES} else health.FAILING
    known = {
        "success": None if state == health.UNSUPPORTED else float(polled.success),
        **{one: float(one == state) for one in core_schemas.STATES},
        **_age(polled.last_success, now),
        "series": polled.series,
        "budget": polled.budget,
    }
    return ((name, float(value)) for name, value in known.items() if value is not None)


def _age(then: datetime | None, now: datetime) -> Mapping[str, float | None]:
    return {"last_success_age_seconds": None if then is None else max(0.0, (now - then).total_seconds())}
