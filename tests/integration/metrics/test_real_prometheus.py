"""What a real Prometheus and promtool make of our page."""

from __future__ import annotations

import math
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mendwatch.metrics.families import Families
from mendwatch.metrics.formats import Format
from mendwatch.model.samples import MetricKind, MetricSpec, Sample
from mendwatch.model.targets import Target
from mendwatch.provider import Provider

Manager = Callable[..., AbstractAsyncContextManager[Any]]

GAUGE = MetricSpec("ps_value_bytes", "A value\nwith \\ in its help.", labels=("path",))
COUNTER = MetricSpec("ps_reads_total", "Reads.", MetricKind.COUNTER)
NASTY = [
    "plain",
    'quote"',
    "back\\slash",
    "line\nend",
    "\\n",
    "tab\t",
    "\r",
    "ümläut 漢字 🧨",
    "{{ x }}",
    "\x01",
    "nul\x00after",
    "\udc80",
    " ",
    ",",
]
VALUES = [
    0.1,
    -0.0,
    1e15,
    2.0**53,
    2.0**53 + 2,
    1e308,
    5e-324,
    0.1 + 0.2,
    123456789.123456789,
    math.inf,
    -math.inf,
    math.nan,
    1e-7,
    7.0,
]


def scrape(address: str) -> dict[str, object]:
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [{"job_name": "mendwatch", "static_configs": [{"targets": [address]}]}],
    }


def filled() -> Families:
    families = Families()
    families.declare("cluster", (GAUGE, COUNTER))
    samples = [Sample(GAUGE.name, value, (text,)) for text, value in zip(NASTY, VALUES, strict=True)]
    target = Target("prod", "onefs", "x", {"site": 'm"uc'})
    assert families.publish(target, "cluster", "all", [*samples, Sample(COUNTER.name, 2**62)], now=0, lifetime=60) == ()
    return families


def whole(families: Families, now: float, form: Format) -> Iterator[bytes]:
    yield families.render(now, form)
    yield form.end


def bits(value: float) -> bytes:
    return struct.pack(">d", value) if not math.isnan(value) else b"nan"


async def test_every_series_arrives_with_the_very_same_value_type_and_help(start_prometheus: Manager, serve_page: Manager) -> None:
    families, asked = filled(), set()
    page = families.render(1)

    def pages(form: Format) -> Iterator[bytes]:
        asked.add(form)
        return whole(families, 1, form)

    async with serve_page(pages) as address, start_prometheus(scrape(address)) as prometheus:
        await prometheus.scraped()
        found = await prometheus.query('{job="mendwatch",cluster="prod"}')
        up = await prometheus.query("up")
        known = await prometheus.api("metadata")
    sent = {
        (sample.name, sample.labels.get("path")): bits(sample.value)
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }
    got = {(labels["__name__"], labels.get("path")): bits(value) for labels, value in found}
    assert asked == {Format.OPENMETRICS}
    assert [value for _, value in up] == [1]
    assert len(sent) == len(NASTY) + 1
    assert got == sent
    assert {labels["site"] for labels, _ in found} == {'m"uc'}
    assert known["ps_reads"] == [{"type": "counter", "help": "Reads.", "unit": ""}]
    assert known[GAUGE.name] == [{"type": "gauge", "help": GAUGE.help, "unit": ""}]


async def test_a_series_that_expired_is_stale_at_the_next_scrape(start_prometheus: Manager, serve_page: Manager) -> None:
    families, now = filled(), 1.0
    async with (
        serve_page(lambda form: whole(families, now, form)) as address,
        start_prometheus(scrape(address)) as prometheus,
    ):
        await prometheus.until(COUNTER.name, lambda found: len(found) == 1)
        now = 61.0
        await prometheus.until(COUNTER.name, lambda found: not found)
        assert [value for _, value in await prometheus.query(f"min_over_time({COUNTER.name}[1m])")] == [2.0**62]


async def test_promtool_finds_nothing_on_the_page_of_everything(
    promtool: Callable[..., Awaitable[Any]], page_of_everything: bytes
) -> None:
    output = await promtool("check", "metrics", stdin=page_of_everything)
    assert (output.code, output.text) == (0, "")


async def test_promtool_would_find_a_bad_name(promtool: Callable[..., Awaitable[Any]]) -> None:
    output = await promtool(
        "check", "metrics", stdin=b"# HELP x_milliseconds Bad.\n# TYPE x_milliseconds gauge\nx_milliseconds 1\n"
    )
    assert output.code == 3


def test_nothing_is_named_after_percent_or_another_unit_than_the_base_ones(page_of_everything: bytes) -> None:
    bad = {"percent", "permil", "ms", "us", "milliseconds", "microseconds", "cents", "kb", "mb", "gb", "minutes", "hours", "days"}
    names = [line.split()[2] for line in page_of_everything.decode().splitlines() if line.startswith("# TYPE")]
    assert len(names) > 50
    assert [name for name in names if bad & set(name.split("_"))] == []


def test_every_metric_of_a_target_begins_with_its_providers_word(providers: list[Provider]) -> None:
    strays = [
        spec.name
        for provider in providers
        for collector in provider.collectors()
        for spec in collector.spec.metrics
        if not spec.name.startswith(f"{provider.metric_prefix}_")
    ]
    assert strays == []


@pytest.mark.parametrize("word", ["onefs", "icmp"])
def test_the_page_of_everything_has_all_providers(providers: list[Provider], word: str) -> None:
    assert word in {provider.name for provider in providers}
