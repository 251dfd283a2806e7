"""license/licenses, upgrade/cluster and auth/providers/summary: what is paid for, what it runs, and who knows the users."""

from __future__ import annotations

from datetime import UTC, date, datetime

from mendwatch_onefs_sim.answers import Answer
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.operations.licences import WARNING_DAYS, Licence, day_of
from mendwatch_onefs_sim.operations.providers import AuthProvider
from mendwatch_onefs_sim.operations.upgrades import COMMITTED, FAILED, UPGRADED, UPGRADING, Upgrade
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.rolling import transitioning

_LICENCES = "license/licenses"
_UPGRADE_SINCE, _AUTH_SINCE = 3, 7


def _licences(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _LICENCES)
    every, today = list(cluster.operations.licences.all()), _today(cluster, call)
    shown, resume = cut(page, _LICENCES, every, lambda one: one.name)
    body = {
        "activation_incomplete_alert": False,
        "base_only_licenses": [],
        "evaluatable": [],
        "guid": cluster.hardware.guid,
        "licenses": [_licence(one, today) for one in shown],
        "resume": resume,
        "swid": f"ELMISL{cluster.hardware.seed:010d}",
        "total": len(every),
        "valid_signature": cluster.operations.licences.signed,
    }
    return Answer(body=body)


def _one_licence(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"licenses": [_licence(cluster.operations.licences.get(call.parts[0]), _today(cluster, call))]})


def _today(cluster: Cluster, call: Call) -> date:
    return day_of(cluster.epoch(call.now))


def _licence(one: Licence, today: date) -> dict[str, object]:
    left = one.days_left(today)
    facts: dict[str, object] = {
        "expired_alert": left is not None and left < 0,
        "expiring_alert": left is not None and 0 <= left <= WARNING_DAYS,
        "id": one.name,
        "name": one.name,
        "status": one.status(today),
        "tiers": [],
    }
    if left is None or one.last_day is None:
        return facts
    over = {"days_since_expiry": -left} if left < 0 else {"days_to_expiry": left}
    return {**facts, **over, "expiration": one.last_day.isoformat()}


def _upgrade(cluster: Cluster, _: Call) -> Answer:
    upgrade, nodes = cluster.operations.upgrades.present, len(cluster.hardware.nodes)
    moving = upgrade.state != COMMITTED
    started = datetime.fromtimestamp(cluster.epoch(upgrade.started), UTC).isoformat() if upgrade.started is not None else None
    body = {
        "assessment_progress": 0,
        "assessment_status": "",
        "cluster_overview": {
            "nodes_current": nodes - upgrade.upgraded - transitioning(cluster),
            "nodes_total": nodes,
            "nodes_transitioning": transitioning(cluster) if moving else None,
            "nodes_upgraded": upgrade.upgraded if moving else None,
        },
        "cluster_state": upgrade.state,
        "current_process": "upgrade" if moving else "none",
        "finish_time": None,
        "install_image_path": None,
        "onefs_version_current": _version(cluster.hardware.release),
        "onefs_version_upgrade": _version(upgrade.target) if upgrade.target else None,
        "start_time": started,
        "upgrade_is_committed": not moving,
        "upgrade_process_state": _process(upgrade),
        "upgrade_settings": {"nodes_to_rolling_upgrade": [], "upgrade_type": "rolling"} if moving else None,
        "upgrade_triggered_time": started,
    }
    return Answer(body=body)


def _process(upgrade: Upgrade) -> str:
    return {UPGRADING: "Running", FAILED: "Paused", UPGRADED: "Not started"}.get(upgrade.state, "Not started")


def _version(release: str) -> dict[str, object]:
    major, minor, maintenance, bugfix = (int(part) for part in release.split("."))
    code = f"0x{major:X}{minor:02X}{maintenance:02X}{bugfix:02X}"
    return {"bugfix": bugfix, "maintenance": maintenance, "major": major, "minor": minor, "version": code}


def _providers(cluster: Cluster, _: Call) -> Answer:
    return Answer(body={"provider_instances": [_provider(one) for one in cluster.operations.auth_providers.all()]})


def _provider(one: AuthProvider) -> dict[str, object]:
    facts: dict[str, object] = {"groupnet": "groupnet0", "id": one.id, "name": one.name, "status": one.status, "type": one.type}
    if one.servers is None:
        return {**facts, "zone_name": one.zone}
    servers = one.servers if one.status == "online" else ()
    connections = [{"address": "", "last_used": "", "server": server} for server in servers]
    return {**facts, "active_server": servers[0] if servers else "", "connections": connections}


MISC = (
    Resource("GET", _LICENCES, _licences, privilege="ISI_PRIV_LICENSE"),
    Resource("GET", "license/licenses/{}", _one_licence, privilege="ISI_PRIV_LICENSE"),
    Resource("GET", "upgrade/cluster", _upgrade, _UPGRADE_SINCE, "ISI_PRIV_SYS_UPGRADE"),
    Resource("GET", "auth/providers/summary", _providers, _AUTH_SINCE, "ISI_PRIV_AUTH"),
)
