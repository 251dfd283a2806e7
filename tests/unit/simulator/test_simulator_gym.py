"""The gym's table knows every incident and remediation, and its facts are all that a cluster holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulated import make_cluster

from mendwatch import content
from mendwatch.alerting import loading, schemas
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.cli.gym.verdict import changed
from mendwatch.polling import providers
from mendwatch.provider import Drill
from mendwatch_onefs_sim.gym.drills import ALERTS, ARGUMENTS, DRILLS, UNSEEN
from mendwatch_onefs_sim.gym.facts import LEFT_OUT, facts_of
from mendwatch_onefs_sim.incidents.registry import INCIDENTS


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return loading.load([content.folder("rules")], schemas.of_providers(providers.discover(["icmp", "onefs"]).values()))


def test_there_is_a_drill_for_every_incident_and_each_is_seen_or_says_why_not() -> None:
    assert [drill.name for drill in DRILLS] == sorted(INCIDENTS)
    assert set(ALERTS) | set(UNSEEN) == set(INCIDENTS)
    assert not set(ALERTS) & set(UNSEEN)
    assert set(ARGUMENTS) <= set(INCIDENTS)


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_what_a_drill_expects_is_what_a_shipped_rule_offers(drill: Drill, rules: RuleSet) -> None:
    for name in drill.alerts | drill.standing:
        assert rules.get(name) is not None, name
    if drill.run is None:
        assert drill.writes == ()
        return
    found = rules.get(drill.run.alert)
    assert drill.run.alert in drill.alerts
    assert found is not None
    assert found.rule.remediate is not None
    assert found.rule.remediate.remediation == drill.run.remediation
    assert set(found.rule.remediate.variables) == set(drill.run.variables)
    assert drill.writes


def test_the_facts_of_a_cluster_that_nobody_touches_stay_as_they_are() -> None:
    cluster = make_cluster(4)

    assert changed(facts_of(cluster), facts_of(cluster)) == ()
    assert len(facts_of(cluster)) > 1500


def test_a_change_anywhere_is_seen_and_named_by_its_place() -> None:
    cluster = make_cluster(4)
    before = facts_of(cluster)

    cluster.fabric.suspend("pool0", [3])
    cluster.operations.smb.close_file(str(cluster.operations.smb.files()[0].id))
    cluster.snapshots.configure({"autodelete": False})
    cluster.machines.set_readonly(2, on=True)
    quota = cluster.quotas.all()[0]
    cluster.quotas.put(replace(quota, limits=replace(quota.limits, hard=1)))

    areas = {name.split(".")[0] for name in changed(before, facts_of(cluster))}
    assert areas == {"fabric", "operations", "snapshots", "machines", "quotas"}


def test_every_area_of_a_cluster_is_among_its_facts() -> None:
    cluster = make_cluster(4)
    areas = {name.split(".")[0] for name in facts_of(cluster)}

    missing = {name for name in vars(cluster) if name not in areas}
    assert all(name.startswith(LEFT_OUT) for name in missing)
    assert {"hardware", "quotas", "operations", "fabric", "events"} <= areas
