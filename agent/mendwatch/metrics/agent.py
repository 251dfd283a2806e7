"""The agent's own metrics: what it did and how it is, never what a target said.

A few hundred series at most, so prometheus-client serves them, from a registry of our own: two agents in one process
(the tests, the demo) must not share counters.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Info, ProcessCollector, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from mendwatch.metrics import own
from mendwatch.metrics.deliveries import Deliveries
from mendwatch.metrics.drift import DriftCounts
from mendwatch.metrics.formats import Format
from mendwatch.metrics.text import clean
from mendwatch.model.alerts import AlertState, Transition
from mendwatch.model.notices import Notice
from mendwatch.model.runs import RunState

#: How a poll ended, for `mendwatch_polls_total`.
OK, FAILED, BUG = "ok", "failed", "bug"


@dataclass(frozen=True, slots=True)
class Watched:
    """Numbers that others hold: `refused` is Families.refused, by (metric, reason)."""

    series: Callable[[], float]
    history_series: Callable[[], float]
    history_samples: Callable[[], float]
    history_dropped: Callable[[], float]
    refused: Callable[[], Mapping[tuple[str, str], int]]


class AgentMetrics:
    """One instance per agent; the engines' events come in by methods, so that no engine knows prometheus-client."""

    def __init__(self, started: datetime) -> None:
        # `_created` doubles the series and says nothing that start_time does not.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True)
        self._shown: set[Gauge] = set()
        ProcessCollector(registry=self.registry)
        self._work()
        self._judgement()
        self.deliveries = Deliveries(self.registry)
        Info("mendwatch_build", "What is running.", registry=self.registry).info(
            {"version": _version(), "python": platform.python_version()}
        )
        Gauge("mendwatch_start_time_seconds", "When the agent started, in Unix time.", registry=self.registry).set(
            started.timestamp()
        )

    def polled(self, target: str, collector: str, result: str) -> None:
        """Count one poll by its result: OK, FAILED or BUG."""
        self._polls.labels(target, collector, result).inc()

    def poll_failed(self, target: str, collector: str, code: str) -> None:
        """Count one failed poll by the error's code (MendwatchError.code)."""
        self._poll_errors.labels(target, collector, code).inc()

    def drifted(self, target: str, collector: str, counts: Mapping[str, int]) -> tuple[str, ...]:
        """Count what one reading had and nobody understood, by field; gives the fields that drift for the first time."""
        return self._drift.add(target, collector, counts)

    def bug(self, where: str) -> None:
        """Count one exception that nobody expected; `where` is a part of the agent, never free text."""
        self._bugs.labels(where).inc()

    def loop_lagged(self, seconds: float) -> None:
        """Tell by how much the event loop was late when it was last measured."""
        self._set(self._lag, seconds)

    def alert_changed(self, transition: Transition) -> None:
        """Count one change of an alert's state."""
        self._alert_transitions.labels(transition.alert.state.value).inc()

    def alerts_are(self, counts: Mapping[AlertState, int]) -> None:
        """Tell how many alerts are in each state now; a state that is not named has none."""
        for state in AlertState:
            self._alerts.labels(state.value).set(counts.get(state, 0))

    def run_entered(self, state: RunState) -> None:
        """Count one run that came into a state."""
        self._run_transitions.labels(state.value).inc()

    def runs_are(self, counts: Mapping[RunState, int]) -> None:
        """Tell how many runs are in each state now; a state that is not named has none."""
        for state in RunState:
            self._runs.labels(state.value).set(counts.get(state, 0))

    def audit_head(self, seq: int) -> None:
        """Tell the sequence number of the newest audit row."""
        self._set(self._audit_head, seq)

    def noticed(self, notice: Notice) -> None:
        """Count one notice by its kind; fits `Announce`."""
        self._notices.labels(notice.kind).inc()

    def watch(self, watched: Watched) -> None:
        """Expose what the stores hold, asked at each scrape; call it once."""
        for name, help_text, value in (
            ("series", "Series of targets on the metrics page.", watched.series),
            ("history_series", "Series that the newest polls gave to the embedded history.", watched.history_series),
            ("history_samples", "Samples in the embedded history.", watched.history_samples),
        ):
            Gauge(f"mendwatch_{name}", help_text, registry=self.registry).set_function(value)
        self.registry.register(_Refusals(watched.refused))
        self.registry.register(_Dropped(watched.history_dropped))

    def watch_certificate(self, not_after: Callable[[], float | None]) -> None:
        """Expose when the certificate of our own web server ends, asked at each scrape; call it once, where there is one."""
        self.registry.register(_Certificate(not_after))

    def pieces(self, form: Format) -> Iterator[bytes]:
        """Write the agent's own metrics, piece by piece."""
        return own.pieces(self.registry, form)

    def _set(self, gauge: Gauge, value: float) -> None:
        """Set a gauge that is not on the page before its first value: a gauge by itself begins at 0, which nobody measured."""
        gauge.set(value)
        if gauge not in self._shown:
            self._shown.add(gauge)
            self.registry.register(gauge)

    def _work(self) -> None:
        registry = self.registry
        by_collector = ("target", "collector")
        self._polls = Counter("mendwatch_polls", "Polls by result.", (*by_collector, "result"), registry=registry)
        self._poll_errors = Counter("mendwatch_poll_errors", "Failed polls by error.", (*by_collector, "code"), registry=registry)
        self._drift = DriftCounts(registry)
        self._bugs = Counter("mendwatch_bugs", "Exceptions that nobody expected, by part.", ("where",), registry=registry)
        self._notices = Counter("mendwatch_notices", "Notices by kind.", ("kind",), registry=registry)
        self._lag = Gauge(
            "mendwatch_event_loop_lag_seconds", "By how much the event loop was late when last measured.", registry=None
        )

    def _judgement(self) -> None:
        registry = self.registry
        by_state = ("state",)
        self._alert_transitions = Counter(
            "mendwatch_alert_transitions", "Changes of alerts, by the new state.", by_state, registry=registry
        )
        self._alerts = Gauge("mendwatch_alerts", "Alerts by state, now.", by_state, registry=registry)
        self._run_transitions = Counter(
            "mendwatch_run_transitions", "Changes of runs, by the new state.", by_state, registry=registry
        )
        self._runs = Gauge("mendwatch_runs", "Runs by state, now.", by_state, registry=registry)
        self._audit_head = Gauge("mendwatch_audit_head_sequence", "Sequence number of the newest audit row.", registry=None)
        # A counter that is there from the start at 0 shows its first step to increase(); here 0 is known, not unknown.
        for alert_state in AlertState:
            self._alert_transitions.labels(alert_state.value)
        for run_state in RunState:
            self._run_transitions.labels(run_state.value)


class _Refusals(Collector):
    """Reads a mapping of (metric, reason) at each scrape."""

    def __init__(self, refused: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        self._refused = refused

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily("mendwatch_samples_refused", "Samples that the page refused.", labels=("metric", "reason"))
        for (metric, reason), count in sorted(self._refused().items()):
            family.add_metric((clean(metric), reason), count)
        yield family


class _Dropped(Collector):
    """Reads the history's own count at each scrape."""

    def __init__(self, dropped: Callable[[], float]) -> None:
        self._dropped = dropped

    def collect(self) -> Iterator[CounterMetricFamily]:
        yield CounterMetricFamily("mendwatch_history_dropped", "Samples that the embedded history did not take.", self._dropped())


class _Certificate(Collector):
    """Asks for the end of a certificate at each scrape; one that nobody knows has no series."""

    def __init__(self, not_after: Callable[[], float | None]) -> None:
        self._not_after = not_after

    def collect(self) -> Iterator[GaugeMetricFamily]:
        end = self._not_after()
        if end is not None:
            yield GaugeMetricFamily(
                "mendwatch_web_certificate_not_after_timestamp_seconds",
                "When the certificate of the agent's own web server ends to be valid, in Unix time.",
                end,
            )


def _version() -> str:
    try:
        return version("mendwatch")
    except PackageNotFoundError:
        return "unknown"
