"""The family store: what is published stands on the page exactly, and what cannot is refused aloud."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from mendwatch.errors import ConfigurationError
from mendwatch.metrics import declarations
from mendwatch.metrics.families import Families
from mendwatch.model.samples import MetricKind, MetricSpec, Sample
from mendwatch.model.targets import Target

USAGE = MetricSpec("ps_quota_usage_bytes", "Usage (quota usage.logical).", unit="bytes", labels=("path", "kind"))
LOAD = MetricSpec("ps_load_ratio", "Load.")
READS = MetricSpec("ps_reads_total", "Reads.", MetricKind.COUNTER)
CLUSTER = Target("prod-1", "onefs", "https://prod-1:8080", {"site": "muc"})

#: A shared machine stalls for longer than a property's default deadline.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def store(*specs: MetricSpec) -> Families:
    families = Families()
    families.declare("cluster", specs or (USAGE, LOAD, READS))
    return families


def put(families: Families, *samples: Sample, source: str = "quotas", now: float = 0, target: Target = CLUSTER) -> list[str]:
    return [refusal.reason for refusal in families.publish(target, "cluster", source, samples, now=now, lifetime=60)]


def page(families: Families, now: float = 1) -> list[str]:
    return families.render(now).decode().splitlines()


def read(families: Families) -> dict[tuple[str, ...], float]:
    found = text_string_to_metric_families(families.render(1).decode())
    return {tuple(sample.labels.values()): sample.value for family in found for sample in family.samples}


def test_a_series_carries_the_target_the_operators_labels_and_its_own() -> None:
    families = store()
    put(families, Sample(USAGE.name, 12.5, ("/ifs/a", "directory")))
    assert page(families) == [
        "# HELP ps_quota_usage_bytes Usage (quota usage.logical).",
        "# TYPE ps_quota_usage_bytes gauge",
        'ps_quota_usage_bytes{cluster="prod-1",site="muc",path="/ifs/a",kind="directory"} 12.5',
    ]


def test_a_family_has_one_header_whatever_the_number_of_sources_and_targets() -> None:
    families = store()
    put(families, Sample(LOAD.name, 1.0))
    put(families, Sample(LOAD.name, 2.0), target=Target("other", "onefs", "x"))
    put(families, Sample(READS.name, 3.0), source="statistics")
    lines = page(families)
    assert [line for line in lines if line.startswith("# TYPE")] == ["# TYPE ps_load_ratio gauge", "# TYPE ps_reads_total counter"]
    assert families.series_count(1) == 3


def test_the_page_is_the_same_whatever_the_order_of_publishing() -> None:
    samples = [Sample(USAGE.name, float(n), (f"/ifs/{n}", "directory")) for n in range(5)]
    one, two = store(), store()
    put(one, *samples)
    put(one, Sample(LOAD.name, 1.0), source="a")
    put(two, Sample(LOAD.name, 1.0), source="a")
    put(two, *reversed(samples))
    assert one.render(1) == two.render(1)


def test_a_new_publication_replaces_all_series_of_its_source_and_no_other() -> None:
    families = store()
    put(families, Sample(USAGE.name, 1.0, ("/ifs/a", "d")), Sample(USAGE.name, 2.0, ("/ifs/b", "d")))
    put(families, Sample(LOAD.name, 1.0), source="statistics")
    put(families, Sample(USAGE.name, 3.0, ("/ifs/b", "d")))
    assert [line for line in page(families) if not line.startswith("#")] == [
        'ps_load_ratio{cluster="prod-1",site="muc"} 1.0',
        'ps_quota_usage_bytes{cluster="prod-1",site="muc",path="/ifs/b",kind="d"} 3.0',
    ]


def test_series_that_come_in_another_order_keep_their_own_values() -> None:
    families = store()
    put(families, Sample(USAGE.name, 1.0, ("/a", "d")), Sample(USAGE.name, 2.0, ("/b", "d")))
    put(families, Sample(USAGE.name, 4.0, ("/b", "d")), Sample(USAGE.name, 3.0, ("/a", "d")))
    put(families, Sample(USAGE.name, 6.0, ("/b", "d")), Sample(USAGE.name, 5.0, ("/a", "d")))
    assert [line.rsplit(" ", 1)[1] for line in page(families)[2:]] == ["5.0", "6.0"]


def test_series_vanish_after_their_lifetime_and_never_turn_to_zero() -> None:
    families = store()
    put(families, Sample(LOAD.name, 7.0), now=0)
    assert page(families, 59.9)[-1].endswith(" 7.0")
    assert families.render(60.0) == b""
    assert families.series_count(60.0) == 0


def test_an_empty_publication_takes_the_series_away() -> None:
    families = store()
    put(families, Sample(LOAD.name, 7.0))
    put(families)
    assert families.render(1) == b""


def test_an_empty_store_gives_an_empty_page() -> None:
    assert store().render(0) == b""


def test_an_undeclared_metric_is_refused_and_counted_and_the_rest_is_taken() -> None:
    families = store()
    assert put(families, Sample("ps_unheard_of", 1.0), Sample(LOAD.name, 2.0)) == ["undeclared"]
    assert families.refused == {("ps_unheard_of", "undeclared"): 1}
    assert page(families)[-1].endswith(" 2.0")


def test_an_operators_label_that_a_metric_has_too_is_refused_on_that_metric_only() -> None:
    families, target = store(), Target("t", "onefs", "x", {"path": "mine"})
    assert put(families, Sample(USAGE.name, 1.0, ("/a", "d")), Sample(LOAD.name, 2.0), target=target) == ["label_clash"]
    assert page(families)[2:] == ['ps_load_ratio{cluster="t",path="mine"} 2.0']


@pytest.mark.parametrize("label", ["cluster", "my-site", "__site", "1site", ""])
def test_a_label_that_cannot_stand_is_found_before_the_first_poll(label: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        declarations.check_target(Target("t", "onefs", "x", {label: "v"}), "cluster", [LOAD])
    assert caught.value.hint


def test_the_wrong_number_of_label_values_is_refused() -> None:
    families = store()
    assert put(families, Sample(USAGE.name, 1.0, ("/a",))) == ["labels"]
    assert families.render(1) == b""


def test_a_refusal_is_refused_again_when_the_same_comes_again() -> None:
    families = store()
    for _ in range(3):
        assert put(families, Sample(USAGE.name, 1.0, ("/a",)), Sample(USAGE.name, 1.0, ("/a", "d"))) == ["labels"]
    assert families.refused == {(USAGE.name, "labels"): 3}


def test_the_same_series_twice_is_refused_because_prometheus_would_drop_one_silently() -> None:
    families = store()
    assert put(families, Sample(LOAD.name, 1.0), Sample(LOAD.name, 2.0)) == ["duplicate"]
    assert page(families)[2:] == ['ps_load_ratio{cluster="prod-1",site="muc"} 1.0']


def test_two_sources_of_a_target_cannot_give_the_same_series() -> None:
    families = store()
    put(families, Sample(LOAD.name, 1.0), source="a")
    for _ in range(2):
        assert put(families, Sample(LOAD.name, 2.0), source="b") == ["duplicate"]
    assert page(families)[2:] == ['ps_load_ratio{cluster="prod-1",site="muc"} 1.0']


def test_two_sources_may_share_a_family() -> None:
    families = store()
    assert put(families, Sample(USAGE.name, 1.0, ("/a", "d")), source="a") == []
    assert put(families, Sample(USAGE.name, 2.0, ("/b", "d")), source="b") == []
    assert families.series_count(1) == 2


@pytest.mark.parametrize("value", ["12", None, [1.0], 10**400])
def test_what_is_no_number_is_refused(value: object) -> None:
    families = store()
    assert put(families, Sample(LOAD.name, 1.0)) == []
    assert put(families, Sample(LOAD.name, value)) == ["value"]  # type: ignore[arg-type]
    assert families.render(1) == b""


def test_samples_under_another_target_label_are_refused() -> None:
    families = store()
    assert [r.reason for r in families.publish(CLUSTER, "device", "a", [Sample(LOAD.name, 1.0)], now=0, lifetime=9)] == [
        "target_label"
    ]


def test_the_same_declaration_may_come_twice() -> None:
    families = store()
    families.declare("cluster", (USAGE,))
    assert set(families.declared) == {USAGE.name, LOAD.name, READS.name}


@pytest.mark.parametrize("other", [MetricSpec(LOAD.name, "Another."), MetricSpec(LOAD.name, LOAD.help, labels=("node",))])
def test_a_name_cannot_be_declared_in_two_ways(other: MetricSpec) -> None:
    with pytest.raises(ConfigurationError, match="two ways"):
        store().declare("cluster", (other,))


def test_a_name_cannot_be_declared_for_two_target_labels() -> None:
    with pytest.raises(ConfigurationError, match="two ways"):
        store().declare("device", (LOAD,))


@pytest.mark.parametrize(
    "spec",
    [
        MetricSpec("ps:load", "Colons are for recording rules."),
        MetricSpec("mendwatch_load", "The agent's own."),
        MetricSpec("process_load", "The agent's own."),
        MetricSpec("ps_reads", "A counter.", MetricKind.COUNTER),
        MetricSpec("ps_reads_total", "A gauge."),
        MetricSpec("ps_load", " "),
        MetricSpec("ps_load", "Help.", labels=("cluster",)),
        MetricSpec("ps_load", "Help.", labels=("a", "a")),
        MetricSpec("ps_load", "Help.", labels=("a-b",)),
    ],
)
def test_a_declaration_that_cannot_be_exposed_is_refused_at_the_start(spec: MetricSpec) -> None:
    with pytest.raises(ConfigurationError):
        Families().declare("cluster", (spec,))


def test_help_with_backslashes_and_line_ends_stays_one_line() -> None:
    families = store(MetricSpec("ps_load", "one\\two\nthree \ud800"))
    put(families, Sample("ps_load", 1.0))
    assert page(families)[0] == "# HELP ps_load one\\\\two\\nthree \\\\ud800"


@pytest.mark.parametrize(
    ("value", "text"),
    [(math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf"), (-0.0, "-0.0"), (2**53, "9007199254740992.0"), (True, "1.0")],
)
def test_special_numbers_are_written_as_prometheus_reads_them(value: float, text: str) -> None:
    families = store()
    put(families, Sample(LOAD.name, value), Sample(USAGE.name, 5.0, ("a", "b")))
    assert page(families)[2].rsplit(" ", 1)[1] == text


def test_one_nan_leaves_its_neighbours_exact() -> None:
    families = store()
    values = [0.1, math.nan, 1e22, -math.inf, 5e-324]
    put(families, *(Sample(USAGE.name, value, (str(n), "d")) for n, value in enumerate(values)))
    assert [line.rsplit(" ", 1)[1] for line in page(families)[2:]] == ["0.1", "NaN", "1e+22", "-Inf", "5e-324"]


FLOATS = st.floats() | st.integers(min_value=-(2**63), max_value=2**64) | st.integers(min_value=10**15, max_value=2**53)


@unhurried
@given(st.lists(FLOATS, min_size=1, max_size=30))
def test_every_number_is_read_back_as_the_very_same(values: list[float]) -> None:
    families = store()
    put(families, *(Sample(USAGE.name, value, (f"{n:03}", "d")) for n, value in enumerate(values)))
    got = [value for _, value in sorted(read(families).items())]
    assert [(str(float(value)), math.copysign(1, value)) for value in values if not math.isnan(value)] == [
        (str(value), math.copysign(1, value)) for value in got if not math.isnan(value)
    ]
    assert len(got) == len(values)


@unhurried
@given(st.dictionaries(st.text(alphabet=st.characters(exclude_categories=("Cs",))), st.floats(allow_nan=False)))
def test_every_text_is_read_back_as_the_very_same(values: dict[str, float]) -> None:
    families = store()
    put(families, *(Sample(USAGE.name, value, (text, "d")) for text, value in values.items()))
    assert read(families) == {("prod-1", "muc", text, "d"): value for text, value in values.items()}


@unhurried
@given(
    st.lists(st.text(alphabet=st.characters(categories=("Cs", "Lu", "Cc"), include_characters='\\"\n')), max_size=8, unique=True)
)
def test_text_that_utf8_cannot_carry_never_crashes_nor_merges_two_series(texts: list[str]) -> None:
    families = store()
    refused = put(families, *(Sample(USAGE.name, 1.0, (text, "d")) for text in texts))
    assert families.series_count(1) == len(texts)
    assert refused == []


def test_a_stable_poll_reuses_what_was_built() -> None:
    families = store()
    forms = set()
    for n in range(3):
        put(families, Sample(USAGE.name, float(n), ("/a", "d")))
        forms.add(id(families._published["prod-1"]["quotas"].parts[0].form))
    assert len(forms) == 1


def test_changed_labels_of_the_operator_are_on_the_next_page() -> None:
    families = store()
    put(families, Sample(LOAD.name, 1.0))
    put(families, Sample(LOAD.name, 1.0), target=Target(CLUSTER.id, "onefs", "x", {"site": "ber"}))
    assert page(families)[2:] == ['ps_load_ratio{cluster="prod-1",site="ber"} 1.0']


def test_a_refusal_is_logged_once_and_its_end_once() -> None:
    families = store()
    with capture_logs() as logs:
        for _ in range(3):
            put(families, Sample("ps_unheard_of", 1.0))
        for _ in range(2):
            put(families, Sample(LOAD.name, 1.0))
    assert [entry["event"] for entry in logs] == ["samples refused", "samples taken again"]


def test_a_page_that_is_given_in_pieces_is_of_one_moment() -> None:
    families = store()
    put(families, Sample(LOAD.name, 1.0), Sample(READS.name, 1.0))
    pieces = families.pieces(1, size=1)
    first = next(pieces)
    put(families, Sample(LOAD.name, 2.0), Sample(READS.name, 2.0))
    page = b"".join((first, *pieces)).decode()
    assert [line.split()[-1] for line in page.splitlines() if not line.startswith("#")] == ["1.0", "1.0"]
