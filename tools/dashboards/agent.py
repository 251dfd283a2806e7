"""mendwatch itself: whether what the other boards show is fresh, what the agent could not do, and what it costs."""

from __future__ import annotations

import looks
from boards import CLUSTER, INSTANCE, Board, Row
from looks import Steps
from panels import Column, Look, Panel, Place, chart, number, table, timeline

_NONE = "none"
_WHO = "{{cluster}}{{target}} {{collector}}"
_MISSED = 'mendwatch_polls_total{result=~"missed|still_running|standing_by"}'
_NEW = "powerscale_statistics_new_values_total / powerscale_statistics_values_total"
_OPEN = "planning|pending|approved|applying|verifying|rolling_back|interrupted"
_ENDED = "verified|failed|rolled_back|rollback_failed|denied|expired|refused|superseded|cancelled"


def _number(
    title: str, description: str, query: str, steps: Steps = looks.PLAIN, unit: str = "short", empty: str | None = None
) -> Panel:
    return number(title, description, Look(unit, steps, empty=empty), query, size=(4, 4))


def _rate(title: str, description: str, query: str, legend: str, empty: str | None = None) -> Panel:
    return chart(title, description, Look("cps", empty=empty), (query, legend))


def _since_start(title: str, description: str, query: str, legend: str) -> Panel:
    """Show a counter as it is: what happens seldom begins with its first step, which no rate sees."""
    return chart(title, description, Look("short", empty=_NONE), (query, legend))


def _any(metric: str) -> str:
    """Give a metric of every collector of every provider."""
    return f"powerscale_{metric} or icmp_{metric}"


def _each(name: str, expr: str, look: Look, *, bar: bool = False) -> Column:
    return Column(name, f"max by (cluster, target, collector) ({expr})", look, chart=bar)


_COLLECTORS = (
    _each("Success", _any("collector_success"), Look("none", words=looks.GOOD)),
    Column(
        "State",
        f"max by (cluster, target, collector, state) ({_any('collector_state')})",
        labels=(("state", "State"),),
    ),
    _each(
        "Last success",
        f"time() - ({_any('collector_last_success_timestamp_seconds')})",
        Look("s", ((None, "green"), (2 * 3600, "orange"), (6 * 3600, "red")), low=None),
    ),
    _each("Took", _any("collector_duration_seconds"), Look("s", ((None, "green"), (5, "orange"), (20, "red")))),
    _each("Series", _any("collector_series"), Look("short")),
    _each("Budget", _any("collector_budget_series"), Look("short")),
    _each(
        "Of the budget",
        "powerscale_collector_series / powerscale_collector_budget_series or icmp_collector_series / icmp_collector_budget_series",
        Look("percentunit", looks.BUDGET),
        bar=True,
    ),
)
_NOW = (
    _number("Agents", "Agents that Prometheus scrapes.", "count(mendwatch_build_info)"),
    _number("Last start", "Time since the agent that started last did.", "time() - max(mendwatch_start_time_seconds)", unit="s"),
    _number("Series", "Series of targets on the metrics pages.", "sum(mendwatch_series)"),
    _number(
        "Collectors failing",
        "Collectors whose last poll failed.",
        f"sum(({_any('collector_success')}) == bool 0)",
        looks.ANY_IS_BAD,
    ),
    _number(
        "Missed polls",
        "Due moments of the last hour without a poll: too late, the last one still ran, or the target stands by.",
        f"sum(increase({_MISSED}[1h]))",
        looks.ANY_IS_ODD,
        empty=_NONE,
    ),
    _number(
        "Bugs",
        "Errors that nobody expected, since the start. The log has them.",
        "sum(mendwatch_bugs_total)",
        looks.ANY_IS_BAD,
        empty=_NONE,
    ),
)
_POLLS = (
    table(
        "Collectors",
        "One row per collector and target. denied lacks a privilege, unsupported has nothing to read in this release, "
        "over_budget gives more series than it may.",
        {"cluster": "Cluster", "target": "Target", "collector": "Collector"},
        _COLLECTORS,
        ("Success", False),
        Place(size=(24, 10)),
    ),
    timeline(
        "Success of collectors",
        "Whether the last poll of each collector succeeded.",
        Look("none", words=looks.GOOD),
        (_any("collector_success"), _WHO),
        size=(16, 10),
    ),
    _rate(
        "Polls by result",
        "Polls per second by result.",
        "sum by (instance, result) (rate(mendwatch_polls_total[$__rate_interval]))",
        "{{instance}} {{result}}",
    ),
    _rate(
        "Failed polls by error",
        "Failed polls per second, by target, collector and error.",
        "sum by (target, collector, code) (rate(mendwatch_poll_errors_total[$__rate_interval])) > 0",
        "{{target}} {{collector}} {{code}}",
        _NONE,
    ),
    _rate(
        "Missed polls by reason",
        "Due moments per second without a poll. still_running: the interval is too short; missed: the agent is overloaded; "
        "standing_by: the target does not answer.",
        f"sum by (target, collector, result) (rate({_MISSED}[$__rate_interval])) > 0",
        "{{target}} {{collector}} {{result}}",
        _NONE,
    ),
    _since_start(
        "Drift of answers",
        "What answers had and nobody understood, as after an upgrade, since the start. Such values are left out, never guessed.",
        "sum by (target, collector, field) (mendwatch_decode_drift_total)",
        "{{target}} {{collector}} {{field}}",
    ),
    _since_start(
        "Refused samples",
        "Samples that are not exposed, since the start: they clash with a label or with another series.",
        "sum by (instance, metric, reason) (mendwatch_samples_refused_total) > 0",
        "{{instance}} {{metric}} {{reason}}",
    ),
    chart(
        "Statistics measured anew",
        "Share of statistics that were measured anew, since the session began; far below 100 % the interval could be longer.",
        Look("percentunit", high=1),
        (
            _NEW,
            "{{cluster}}",
        ),
    ),
)
_COST = (
    chart(
        "Event loop lag",
        "By how much the event loop was late. Polls, approvals and this page wait so long.",
        Look("s", looks.LAG),
        ("mendwatch_event_loop_lag_seconds", "{{instance}}"),
    ),
    chart(
        "CPU",
        "Cores that the agent uses.",
        Look("short", ((None, "green"), (0.8, "orange"))),
        ("rate(process_cpu_seconds_total[$__rate_interval])", "{{instance}}"),
    ),
    chart("Memory", "Resident memory of the agent.", Look("bytes"), ("process_resident_memory_bytes", "{{instance}}")),
    chart(
        "Series over time",
        "Series of targets on the metrics page, and series that the newest polls gave to the embedded history.",
        Look("short"),
        ("mendwatch_series", "{{instance}} exposed"),
        ("mendwatch_history_series", "{{instance}} history"),
    ),
    _rate(
        "Samples that the history did not take",
        "Samples per second that the embedded history dropped.",
        "rate(mendwatch_history_dropped_total[$__rate_interval])",
        "{{instance}}",
    ),
)
_RUNS = (
    chart(
        "Alerts by state",
        "Alerts of the agent's own rules.",
        Look("short"),
        ('sum by (instance, state) (mendwatch_alerts{state!="inactive"})', "{{instance}} {{state}}"),
        size=(8, 8),
    ),
    chart(
        "Remediations under way",
        "Remediations that have not ended, by state.",
        Look("short"),
        (
            f'sum by (instance, state) (mendwatch_runs{{state=~"{_OPEN}"}})',
            "{{instance}} {{state}}",
        ),
        size=(8, 8),
    ),
    chart(
        "Remediations that ended",
        "How remediations ended. rollback_failed leaves a target in a state that nobody planned.",
        Look("short"),
        (
            f'sum by (instance, state) (increase(mendwatch_run_transitions_total{{state=~"{_ENDED}"}}[$__rate_interval]))',
            "{{instance}} {{state}}",
        ),
        size=(8, 8),
    ),
)

BOARD = Board(
    "agent",
    "PowerScale: mendwatch itself",
    "How the agents are that watch the clusters: collectors, budgets, missed polls, drift, load, history, alerts, remediations.",
    (INSTANCE, CLUSTER),
    (
        Row("Now", _NOW),
        Row("Collectors", _POLLS),
        Row("What the agent costs", _COST),
        Row("Alerts and remediations", _RUNS),
    ),
)
