"""Readings out of a server that keeps what Prometheus scraped: the metrics of the records that rules name, over `query_range`.

Prometheus gives the last value for up to five minutes after a series ended, and one value per step: what it gives is nearly what
the agent saw, not just that. Asked in windows of so many steps, so that neither side holds a month at once.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from mendwatch.alerting.recording.events import Observed
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.alerting.table import Poll
from mendwatch.config.durations import format_duration
from mendwatch.errors import BadAnswer, Unreachable, UserError
from mendwatch.model.samples import Reading, Sample
from mendwatch.model.targets import Secret, Target
from mendwatch.provider import CollectorSpec

#: Steps of one question, and of all; the server itself refuses more than 11,000 points of a series.
WINDOW, MOST_STEPS = 500, 50_000
#: Seconds that one question may take, and bytes that its answer may have.
TIMEOUT, LARGEST = 120.0, 512 * 1024 * 1024
#: Labels that say how a series was scraped, and nothing of what it is about.
_SCRAPED = frozenset({"__name__", "job", "instance"})

#: A target with the operator's labels on it, and the samples of one moment.
_Place = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Server:
    """Where to ask, how, and about which time. `label` is another name of the label that carries the target; empty: its own."""

    url: str
    token: Secret | None
    since: datetime
    until: datetime
    label: str = ""
    step: timedelta | None = None
    target: str = ""


@dataclass(slots=True)
class _Window:
    """What some steps have: samples by moment, schema and target."""

    found: dict[float, dict[tuple[str, _Place], list[Sample]]] = field(default_factory=dict)

    def add(self, known: KnownSchema, label: str, metric: str, series: Mapping[str, Any]) -> None:
        """Take one series, unless it lacks a label of the record."""
        labels: dict[str, str] = series["metric"]
        own = known.schema.labels
        if label not in labels or any(name not in labels for name in own):
            return
        rest = {name: value for name, value in labels.items() if name not in _SCRAPED and name not in own and name != label}
        place = (known.name, (labels[label], tuple(sorted(rest.items()))))
        values = tuple(labels[name] for name in next(spec.labels for spec in known.metrics if spec.name == metric))
        for at, text in series["values"]:
            value = float(text)
            if not math.isnan(value):
                self.found.setdefault(float(at), {}).setdefault(place, []).append(Sample(metric, value, values))


def events(server: Server, schemas: Iterable[KnownSchema]) -> Iterator[Observed]:
    """Give readings in the order of time, asking for more as they are used up.

    Raises:
        UserError: the time is too long for the step, or the server wants another token.
        Unreachable: nothing answers there.
        BadAnswer: what answers is no such server, or cannot answer this.
    """
    wanted = list(schemas)
    steps = {known.name: _step(server, known) for known in wanted}
    for step in set(steps.values()):
        if (server.until - server.since) / step > MOST_STEPS:
            longest = format_duration(MOST_STEPS * step)
            raise UserError(
                f"with steps of {format_duration(step)} one can ask for {longest} at most", hint="Give a longer --step."
            )
    width = WINDOW * min(steps.values(), default=timedelta(minutes=1))
    start = server.since
    while start <= server.until:
        end = min(start + width, server.until)
        yield from _readings(asyncio.run(_asked(server, wanted, start, end)), wanted, steps)
        start = end + min(steps.values(), default=width)


def _step(server: Server, known: KnownSchema) -> timedelta:
    return server.step or timedelta(seconds=known.interval)


async def _asked(server: Server, wanted: Iterable[KnownSchema], start: datetime, end: datetime) -> _Window:
    headers = {"Authorization": f"Bearer {server.token.reveal()}"} if server.token else {}
    window = _Window()
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(TIMEOUT)) as http:
        for known in wanted:
            label = server.label or known.target_label
            chosen = f"{{{label}={_quoted(server.target)}}}" if server.target else ""
            step = _step(server, known).total_seconds()
            for metric in dict.fromkeys(known.schema.fields.values()):
                query = {"query": metric + chosen, "start": start.timestamp(), "end": end.timestamp(), "step": step}
                for series in await _query(http, server.url, query):
                    window.add(known, label, metric, series)
    return window


async def _query(http: aiohttp.ClientSession, url: str, query: Mapping[str, object]) -> list[Mapping[str, Any]]:
    try:
        async with http.post(f"{url.rstrip('/')}/api/v1/query_range", data=query) as answer:
            if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
                raise UserError(f"{url} does not accept this token", hint="Set MENDWATCH_PROMETHEUS_TOKEN, or name --token-file.")
            body = await _read(answer, url)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
        raise Unreachable(
            f"{url} cannot be asked: {str(problem) or 'it takes too long'}", hint="Give the address of a Prometheus."
        ) from problem
    return _matrix(body, url)


async def _read(answer: aiohttp.ClientResponse, url: str) -> bytes:
    parts, size = [], 0
    async for part in answer.content.iter_chunked(1 << 20):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise BadAnswer(f"{url} answered with more than {LARGEST >> 20} MiB", hint="Ask for one --target, or a longer --step.")
    return b"".join(parts)


def _matrix(body: bytes, url: str) -> list[Mapping[str, Any]]:
    try:
        answer = orjson.loads(body)
        if answer["status"] != "success":
            raise BadAnswer(f"{url} says: {answer.get('error', 'no')}", hint="Ask for one --target, or a longer --step.")
        return list(answer["data"]["result"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as problem:
        raise BadAnswer(f"what answers at {url} is no Prometheus", hint="Give its address without /api.") from problem


def _readings(window: _Window, wanted: Iterable[KnownSchema], steps: Mapping[str, timedelta]) -> Iterator[Observed]:
    known_by_name = {known.name: known for known in wanted}
    specs = {
        name: CollectorSpec(name, steps[name].total_seconds(), 1.0, known.metrics, (known.schema,))
        for name, known in known_by_name.items()
    }
    for at in sorted(window.found):
        now = datetime.fromtimestamp(at, UTC)
        for (name, (target, labels)), samples in sorted(window.found[at].items(), key=lambda item: item[0]):
            place = Target(target, "", "", dict(labels))
            yield Observed(Poll(place, known_by_name[name].target_label, specs[name], Reading(tuple(samples)), now))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
