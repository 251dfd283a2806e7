"""Columns on the page: the numbers of a layout stand beside the series they belong to, poll after poll, in both formats."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import zip_longest

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from mendwatch.metrics.families import Families
from mendwatch.metrics.formats import Format
from mendwatch.model.samples import Columns, Layout, MetricKind, MetricSpec, Sample
from mendwatch.model.targets import Target

SIZE = MetricSpec("ps_drive_size_bytes", 'Size of a "drive" \\ here.', unit="bytes", labels=("node", "bay"))
FREE = MetricSpec("ps_drive_free_bytes", "Free.", unit="bytes", labels=("node", "bay"))
OPS = MetricSpec("ps_drive_ops_total", "Operations.", MetricKind.COUNTER, labels=("node", "bay"))
LOAD = MetricSpec("ps_load_ratio", "Load.", unit="ratio")
SPECS = (SIZE, FREE, OPS, LOAD)
PROD, LAB = Target("prod", "onefs", "x", {"site": 'm"uc'}), Target("lab", "onefs", "y")

Heads = list[tuple[str, tuple[str, ...]]]
Series = dict[tuple[str, frozenset[tuple[str, str]]], str]

#: A shared machine stalls for longer than a property's default deadline.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def store() -> Families:
    families = Families()
    families.declare("cluster", SPECS)
    return families


def put(families: Families, *columns: Columns, samples: Iterable[Sample] = (), source: str = "drives", now: float = 0) -> list[str]:
    found = families.publish(PROD, "cluster", source, samples, columns=columns, now=now, lifetime=60)
    return [refusal.reason for refusal in found]


def columns(layout: Layout, *values: float) -> Columns:
    return Columns(layout, array("d", values) if len(values) % 2 else list(values), absent=sum(map(math.isnan, values)))


def drives(*bays: str, metrics: Iterable[MetricSpec] = (SIZE, FREE)) -> Layout:
    return Layout((spec.name, ("1", bay)) for spec in metrics for bay in bays)


def read(page: bytes, form: Format = Format.TEXT) -> Series:
    found = (read_openmetrics if form is Format.OPENMETRICS else read_text)(page.decode())
    series = [((one.name, frozenset(one.labels.items())), repr(one.value)) for family in found for one in family.samples]
    assert len(series) == len(dict(series)), "a series stands twice"
    return dict(series)


def page(families: Families, form: Format = Format.TEXT, size: int = 4096) -> Series:
    return read(b"".join([*families.pieces(1, form, size), form.end]), form)


def values(families: Families) -> list[str]:
    return [value for _, value in sorted(page(families).items(), key=lambda one: (one[0][0], sorted(one[0][1])))]


def test_each_number_stands_beside_its_series() -> None:
    families, layout = store(), drives("a", "b")
    assert put(families, columns(layout, 1.0, 2.0, 3.0, 4.0)) == []
    assert values(families) == ["3.0", "4.0", "1.0", "2.0"]
    put(families, columns(layout, 5.0, 6.0, 7.0, 8.0))
    assert values(families) == ["7.0", "8.0", "5.0", "6.0"]


def test_nan_in_columns_is_no_series_and_comes_back_with_its_number() -> None:
    families, layout = store(), drives("a", "b")
    put(families, columns(layout, 1.0, math.nan, math.inf, math.nan))
    assert values(families) == ["inf", "1.0"]
    assert families.series_count(1) == 2
    put(families, columns(layout, 1.0, 2.0, 3.0, 4.0))
    assert families.series_count(1) == len(values(families)) == 4


def test_a_family_without_a_number_is_not_on_the_page_at_all() -> None:
    families = store()
    put(families, columns(drives("a"), math.nan, math.nan))
    assert families.render(1) == b""


def test_a_layout_that_was_seen_is_not_looked_into_again() -> None:
    class Counted(Layout):
        looks = 0

        def __getattribute__(self, name: str) -> object:
            if name in {"labels", "metrics", "runs"}:
                Counted.looks += 1
            return super().__getattribute__(name)

    families, layout = store(), Counted([(SIZE.name, ("1", "a")), (SIZE.name, ("1", "b"))])
    put(families, columns(layout, 1.0, 2.0))
    before, known = Counted.looks, families._published["prod"]["drives"].parts[0].form
    polls = [columns(layout, float(n), 2.0) for n in range(5)]
    made = Counted.looks
    for poll in polls:
        put(families, poll)
    assert before > 0
    assert Counted.looks == made
    assert families._published["prod"]["drives"].parts[0].form is known


def test_another_layout_replaces_the_one_before() -> None:
    families = store()
    put(families, columns(drives("a", "b"), 1.0, 2.0, 3.0, 4.0))
    put(families, columns(drives("b", metrics=[SIZE]), 9.0))
    assert {labels for _, labels in page(families)} == {
        frozenset({("cluster", "prod"), ("site", 'm"uc'), ("node", "1"), ("bay", "b")})
    }
    assert values(families) == ["9.0"]


def test_the_same_layout_on_another_target_has_that_targets_labels() -> None:
    families, layout = store(), drives("a", metrics=[SIZE])
    put(families, columns(layout, 1.0))
    families.publish(LAB, "cluster", "drives", (), columns=(columns(layout, 2.0),), now=0, lifetime=60)
    moved = Target(PROD.id, "onefs", "x", {"site": "ber"})
    families.publish(moved, "cluster", "drives", (), columns=(columns(layout, 3.0),), now=0, lifetime=60)
    assert {(dict(labels)["cluster"], dict(labels).get("site"), value) for (_, labels), value in page(families).items()} == {
        ("prod", "ber", "3.0"),
        ("lab", None, "2.0"),
    }


def test_columns_vanish_after_their_lifetime() -> None:
    families = store()
    put(families, columns(drives("a"), 1.0, 2.0), now=0)
    assert families.series_count(59.9) == 2
    assert families.render(60.0) == b""


def test_metrics_share_what_is_kept_of_the_same_drives() -> None:
    families = store()
    put(families, columns(drives("a", "b", metrics=[SIZE, FREE, OPS]), *map(float, range(6))))
    lines = families._published["prod"]["drives"].parts[0].form.lines
    assert len({id(one.strip) for one in lines.values()}) == 1


@pytest.mark.parametrize(
    ("head", "reason"),
    [(("ps_unheard_of", ("1",)), "undeclared"), ((LOAD.name, ("one too many",)), "labels"), ((LOAD.name, (1,)), "labels")],
)
def test_what_cannot_stand_is_refused_each_time_and_the_rest_is_taken(head: tuple[str, tuple[str]], reason: str) -> None:
    families, layout = store(), Layout([(SIZE.name, ("1", "a")), head, (FREE.name, ("1", "a"))])
    for poll in range(3):
        assert put(families, columns(layout, 1.0 + poll, 2.0, 3.0)) == [reason]
        assert values(families) == ["3.0", str(1.0 + poll)]
    assert families.refused == {(head[0], reason): 3}


def test_series_that_look_alike_once_written_are_one_series() -> None:
    families, layout = store(), Layout([(SIZE.name, ("1", "\ud800")), (SIZE.name, ("1", "\\ud800")), (SIZE.name, ("1", "x"))])
    assert put(families, columns(layout, 1.0, 2.0, 3.0)) == ["duplicate"]
    assert values(families) == ["1.0", "3.0"]


def test_an_operators_label_that_a_metric_has_too_is_refused_on_columns_too() -> None:
    families, target = store(), Target("t", "onefs", "x", {"bay": "mine"})
    layout = Layout([*zip(drives("a").metrics, drives("a").labels, strict=True), (LOAD.name, ())])
    found = families.publish(target, "cluster", "drives", (), columns=(columns(layout, 1.0, 2.0, 3.0),), now=0, lifetime=60)
    assert [refusal.reason for refusal in found] == ["label_clash", "label_clash"]
    assert values(families) == ["3.0"]


def test_a_metric_declared_later_is_taken_from_then_on() -> None:
    families, layout = Families(), drives("a", metrics=[SIZE])
    assert put(families, columns(layout, 1.0)) == ["undeclared"]
    families.declare("cluster", SPECS)
    assert put(families, columns(layout, 1.0)) == []


def test_another_source_cannot_give_the_series_of_columns_until_they_are_gone() -> None:
    families, layout = store(), drives("a", "b", metrics=[SIZE])
    put(families, columns(layout, 1.0, 2.0), now=0)
    mine = drives("b", "c", metrics=[SIZE])
    for _ in range(2):
        assert put(families, columns(mine, 3.0, 4.0), source="other", now=30) == ["duplicate"]
        assert values(families) == ["1.0", "2.0"]
    assert put(families, columns(mine, 3.0, 4.0), source="other", now=60) == []


def test_samples_and_columns_of_one_poll_stand_side_by_side_and_never_twice() -> None:
    families, layout = store(), drives("a", metrics=[SIZE])
    for _ in range(2):
        assert put(families, columns(layout, 1.0), samples=[Sample(SIZE.name, 2.0, ("1", "z")), Sample(LOAD.name, 0.5)]) == []
    assert values(families) == ["1.0", "2.0", "0.5"]
    assert put(families, columns(layout, 1.0), samples=[Sample(SIZE.name, 9.0, ("1", "a"))]) == ["duplicate"]
    assert values(families) == ["1.0"]


def test_a_layout_that_is_given_twice_in_one_poll_stands_once() -> None:
    families, layout = store(), drives("a", metrics=[SIZE])
    for number in (1.0, 2.0, 3.0):
        assert put(families, columns(layout, number), columns(layout, 9.0)) == ["duplicate"]
        assert values(families) == [repr(number)]


def test_what_expired_is_let_go_even_where_nobody_scrapes() -> None:
    families, layout = store(), drives("a", metrics=[SIZE])
    put(families, columns(layout, 1.0), now=0)
    for now in (1.0, 61.0, 71.0):
        families.publish(LAB, "cluster", "drives", (), columns=(columns(layout, 1.0),), now=now, lifetime=60)
    assert set(families._published) == {"lab"}


def test_two_layouts_of_one_poll_stand_side_by_side() -> None:
    families, one, two = store(), drives("a", metrics=[SIZE]), drives("b", metrics=[SIZE])
    for number in (1.0, 2.0):
        assert put(families, columns(one, number), columns(two, number + 5)) == []
    assert values(families) == ["2.0", "7.0"]


@pytest.mark.parametrize("form", Format)
def test_a_counter_that_cannot_be_is_left_out(form: Format) -> None:
    families, layout = store(), drives(*"abcde", metrics=[OPS])
    put(families, columns(layout, -1.0, 0.0, math.nan, math.inf, 1e-7), samples=[Sample(OPS.name, math.nan, ("2", "a"))])
    assert sorted(page(families, form).values()) == ["0.0", "1e-07", "inf"]


@pytest.mark.parametrize(
    ("foreign", "shown"), [(7, ["7.0", "1.0"]), (True, ["1.0", "1.0"]), ("x", ["1.0"]), (None, ["1.0"]), (10**400, ["1.0"])]
)
def test_what_is_no_float_never_breaks_the_page(foreign: object, shown: list[str]) -> None:
    families = store()
    put(families, columns(drives("a", metrics=[SIZE]), 1.0), Columns(drives("b", metrics=[FREE]), [foreign]))  # type: ignore[list-item]
    assert values(families) == shown


def test_a_page_in_small_pieces_is_the_same_page_and_of_one_moment() -> None:
    families, layout = store(), drives(*map(str, range(50)))
    put(families, columns(layout, *map(float, range(100))), samples=[Sample(LOAD.name, 0.5)])
    whole = families.render(1)
    pieces = families.pieces(1, size=7)
    found = []
    for number, piece in enumerate(pieces):
        found.append(piece)
        put(families, columns(drives(str(number)), 1.0, 2.0))
    assert len(found) > 10
    assert b"".join(found) == whole


def test_two_readers_of_new_series_get_the_same_page() -> None:
    families, layout = store(), drives(*map(str, range(50)))
    put(families, columns(layout, *map(float, range(100))))
    both = [*zip_longest(families.pieces(1, size=7), families.pieces(1, size=11), fillvalue=b"")]
    first, second = (b"".join(found) for found in zip(*both, strict=True))
    assert first == second == families.render(1)


def test_openmetrics_has_units_escaped_quotes_and_an_end() -> None:
    families = store()
    put(families, columns(drives("a", metrics=[SIZE, OPS]), 1.0, 2.0))
    shared = 'cluster="prod",site="m\\"uc",node="1",bay="a"'
    assert b"".join([*families.pieces(1, Format.OPENMETRICS), Format.OPENMETRICS.end]).decode().splitlines() == [
        "# HELP ps_drive_ops Operations.",
        "# TYPE ps_drive_ops counter",
        f"ps_drive_ops_total{{{shared}}} 2.0",
        '# HELP ps_drive_size_bytes Size of a \\"drive\\" \\\\ here.',
        "# TYPE ps_drive_size_bytes gauge",
        "# UNIT ps_drive_size_bytes bytes",
        f"ps_drive_size_bytes{{{shared}}} 1.0",
        "# EOF",
    ]


@dataclass
class Model:
    """What must stand on the page: of every source what it gave last."""

    given: dict[tuple[str, str], Series] = field(default_factory=dict)

    def put(self, target: Target, source: str, samples: list[Sample], given: list[Columns]) -> None:
        kept = [*samples, *(sample for one in given for sample in one.samples())]
        self.given[target.id, source] = {self._key(target, one): repr(one.value) for one in kept if self._stands(one)}

    def series(self) -> Series:
        return {key: value for found in self.given.values() for key, value in found.items()}

    def _key(self, target: Target, sample: Sample) -> tuple[str, frozenset[tuple[str, str]]]:
        names = next(spec.labels for spec in SPECS if spec.name == sample.metric)
        return sample.metric, frozenset({("cluster", target.id), *target.labels.items(), *zip(names, sample.labels, strict=True)})

    def _stands(self, sample: Sample) -> bool:
        return sample.metric != OPS.name or sample.value >= 0


TEXTS = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=4)
BAYS = st.lists(TEXTS, min_size=1, max_size=5, unique=True)
NUMBERS = st.floats()


@st.composite
def polls(draw: st.DrawFn) -> list[tuple[Target, str, list[Sample], list[Columns]]]:
    """Polls of a few sources whose layouts stay or change; a source's series are its own, by the label `node`."""
    layouts: dict[tuple[str, str], Layout] = {}
    made = []
    for _ in range(draw(st.integers(1, 6))):
        target, source = draw(st.sampled_from([PROD, LAB])), draw(st.sampled_from(["a", "b"]))
        if (target.id, source) not in layouts or draw(st.booleans()):
            metrics = draw(st.lists(st.sampled_from([SIZE, OPS]), min_size=1, unique=True))
            layouts[target.id, source] = Layout((spec.name, (source, bay)) for spec in metrics for bay in draw(BAYS))
        layout = layouts[target.id, source]
        numbers = draw(st.lists(NUMBERS, min_size=len(layout), max_size=len(layout)))
        samples = [Sample(FREE.name, draw(NUMBERS), (source, bay)) for bay in draw(st.just([]) | BAYS)]
        made.append((target, source, samples, [columns(layout, *numbers)]))
    return made


@unhurried
@given(polls(), st.integers(1, 5))
def test_any_polls_stand_on_the_page_as_the_clients_own_parsers_read_it(
    made: list[tuple[Target, str, list[Sample], list[Columns]]], size: int
) -> None:
    families, model = store(), Model()
    for target, source, samples, given_columns in made:
        assert families.publish(target, "cluster", source, samples, columns=given_columns, now=0, lifetime=60) == ()
        model.put(target, source, samples, given_columns)
        for form in Format:
            assert page(families, form, size) == model.series()
    assert families.series_count(1) >= len(model.series())


@unhurried
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), BAYS, st.floats(0, 1e9)), max_size=6))
def test_whatever_sources_give_no_series_stands_twice(made: list[tuple[str, bool, list[str], float]]) -> None:
    families = store()
    given_by: dict[str, set[str]] = {}
    for source, as_columns, bays, number in made:
        layout = drives(*bays, metrics=[SIZE])
        found = columns(layout, *(number for _ in bays))
        if as_columns:
            put(families, found, source=source)
        else:
            put(families, samples=found.samples(), source=source)
        given_by[source] = {repr(number)} | given_by.get(source, set())
        assert set(page(families).values()) <= set().union(*given_by.values())
