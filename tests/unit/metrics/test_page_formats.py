"""Which format a reader gets, and what of it is not the same in both."""

from __future__ import annotations

import pytest
from prometheus_client import Counter, Gauge, Histogram, Info, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.registry import Collector, CollectorRegistry

from mendwatch.errors import ConfigurationError
from mendwatch.metrics import own
from mendwatch.metrics.families import Families
from mendwatch.metrics.formats import Format, header, negotiate
from mendwatch.model.samples import MetricKind, MetricSpec

#: As Prometheus 2.42 sends it, captured.
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
#: A reader that knows escaping and the text format 1.0.0 too.
ESCAPING = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (PROMETHEUS, Format.OPENMETRICS),
        (ESCAPING, Format.OPENMETRICS),
        (BROWSER, Format.TEXT),
        ("", Format.TEXT),
        ("*/*", Format.TEXT),
        ("application/openmetrics-text", Format.OPENMETRICS),
        ("Application/OpenMetrics-Text; Version=1.0.0", Format.OPENMETRICS),
        ("application/openmetrics-text;version=0.0.1", Format.TEXT),
        ("application/openmetrics-text;version=2.0.0", Format.TEXT),
        ("application/openmetrics-text;version=1.0.0;q=0.1,text/plain;version=0.0.4;q=0.2", Format.TEXT),
        ("application/openmetrics-text;version=1.0.0;q=0,*/*;q=0.1", Format.TEXT),
        ("text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0", Format.TEXT),
        ("application/openmetrics-text;q=much", Format.TEXT),
        ("application/json", Format.TEXT),
        (";;;,=,,q", Format.TEXT),
    ],
)
def test_a_reader_gets_what_it_asks_for_first_of_what_there_is(accept: str, form: Format) -> None:
    assert negotiate(accept) is form


def test_a_unit_is_told_only_where_the_name_ends_with_it() -> None:
    assert b"# UNIT x_bytes bytes" in header(MetricSpec("x_bytes_total", "h", MetricKind.COUNTER, "bytes"), Format.OPENMETRICS)
    assert b"UNIT" not in header(MetricSpec("x_size", "h", unit="bytes"), Format.OPENMETRICS)
    assert b"UNIT" not in header(MetricSpec("x_bytes", "h", unit="bytes"), Format.TEXT)


@pytest.mark.parametrize("names", [("ps_reads", "ps_reads_total"), ("ps_reads_total", "ps_reads")])
def test_a_gauge_and_a_counter_cannot_be_one_family(names: tuple[str, str]) -> None:
    specs = [MetricSpec(name, "h", MetricKind.COUNTER if name.endswith("_total") else MetricKind.GAUGE) for name in names]
    with pytest.raises(ConfigurationError, match="one family in OpenMetrics"):
        Families().declare("cluster", specs)


class Born(Collector):
    """A counter that tells when each of its series began."""

    def collect(self) -> list[CounterMetricFamily]:
        family = CounterMetricFamily("born", "Born.", labels=("name",))
        for number in range(9):
            family.add_metric((str(number),), number, created=1.5)
        return [family]


def registry() -> CollectorRegistry:
    disable_created_metrics()
    made = CollectorRegistry()
    counter = Counter("jobs", 'Jobs\nby "name".', ("name",), registry=made)
    for number in range(23):
        counter.labels(f'odd\r#"{number}\n').inc(number)
    made.register(Born())
    Gauge("load", "Load.", registry=made).set(float("nan"))
    Info("build", "Build.", registry=made).info({"version": "1"})
    histogram = Histogram("wait", "Wait.", ("name",), registry=made)
    for number in range(5):
        histogram.labels(str(number)).observe(number)
    return made


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_agents_own_page_in_pieces_is_the_clients_page(size: int) -> None:
    made = registry()
    assert b"".join(own.pieces(made, Format.TEXT, size)) == generate_latest(made)
    page = b"".join([*own.pieces(made, Format.OPENMETRICS, size), Format.OPENMETRICS.end])
    assert page == generate_openmetrics(made)
    assert len([*read_openmetrics(page.decode())]) == 5


def test_a_large_family_of_the_agent_is_written_in_pieces() -> None:
    assert max(piece.count(b"\njobs_total{") for piece in own.pieces(registry(), Format.TEXT, 7)) <= 7
