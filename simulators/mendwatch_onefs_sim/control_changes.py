"""What the control API changes, one function per address, in a table; `control` documents each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.conditions import Condition
from mendwatch_onefs_sim.privileges import PERMISSIONS
from mendwatch_onefs_sim.rolling import USUAL_STEP, start
from mendwatch_onefs_sim.sessions import Sessions
from mendwatch_onefs_sim.statistics.steering import CLUSTER

Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Changed:
    """What can be changed."""

    cluster: Cluster
    sessions: Sessions


#: Changes the state; the second argument holds the variable parts of the address, the third the body.
Change = Callable[[Changed, Mapping[str, str], Body], None]

_CONDITION = {field.name for field in fields(Condition)}


def _upgrade(world: Changed, _: Mapping[str, str], body: Body) -> None:
    _only(body, {"release", "node_seconds"})
    start(world.cluster, str(body.get("release")), _number("node_seconds", body.get("node_seconds", USUAL_STEP)))


def _node(world: Changed, parts: Mapping[str, str], body: Body) -> None:
    _only(body, {"is_up", "restart", *_CONDITION})
    if not parts["lnn"].isdecimal():
        raise UserError(f"{parts['lnn']!r} is no node", hint="Give the node's logical number.")
    lnn = world.cluster.hardware.node(int(parts["lnn"])).lnn
    answering = {name: _condition_value(name, value) for name, value in body.items() if name in _CONDITION}
    if answering:
        world.cluster.conditions.put(lnn, replace(world.cluster.conditions.of(lnn), **answering))  # type: ignore[arg-type]
    if "is_up" in body:
        world.cluster.power(lnn, is_up=bool(body["is_up"]))
    if body.get("restart"):
        world.cluster.restart(lnn)


def _condition_value(name: str, value: object) -> object:
    if name == "hung":
        return bool(value)
    if name == "statistics":
        return None if value is None else int(_number(name, value))
    return _number(name, value)


def _clock(world: Changed, _: Mapping[str, str], body: Body) -> None:
    _only(body, {"offset"})
    world.cluster.clock_offset = _number("offset", body.get("offset"))


def _statistics(world: Changed, _: Mapping[str, str], body: Body) -> None:
    _only(body, {"key", "devid", "value", "error_code", "forget"})
    key, devid, steering = body.get("key"), body.get("devid"), world.cluster.steering
    known = world.cluster.keys.get(str(key))
    if known is None:
        raise UserError(f"there is no statistics key {key!r}", hint="statistics/keys lists them all.")
    where = CLUSTER if known.scope == "cluster" else None if devid is None else int(_number("devid", devid))
    if body.get("forget"):
        steering.forget(str(key), where)
    elif "error_code" in body:
        steering.fail(str(key), int(_number("error_code", body["error_code"])), where)
    else:
        steering.put(str(key), body.get("value"), where)  # type: ignore[arg-type]


def _figures(world: Changed, _: Mapping[str, str], body: Body) -> None:
    _only(body, {"busy", "devid", "used_share", "seconds", "calm"})
    cluster = world.cluster
    if body.get("calm"):
        cluster.steering.calm()
    if "busy" in body:
        devid = body.get("devid")
        cluster.steering.busy(_number("busy", body["busy"]), None if devid is None else int(_number("devid", devid)))
    if "used_share" in body:
        now = cluster.elapsed
        moment = cluster.moment(now)
        share, seconds = _number("used_share", body["used_share"]), _number("seconds", body.get("seconds", 0))
        cluster.steering.fill(moment.ifs_used / moment.ifs_total, share, now, seconds)


def _privileges(world: Changed, _: Mapping[str, str], body: Body) -> None:
    _only(body, {"account", "privileges"})
    account = world.sessions.account(str(body.get("account")))
    if account is None:
        raise UserError(f"there is no account {body.get('account')!r}", hint="GET /state does not tell accounts; the command does.")
    world.sessions.put(replace(account, privileges=_held(body.get("privileges"))))


def _held(privileges: object) -> Mapping[str, str] | None:
    if privileges is None:
        return None
    if not isinstance(privileges, dict) or not set(privileges.values()) <= set(PERMISSIONS):
        raise UserError("these are no privileges", hint=f"Give an object of ids with one of {', '.join(PERMISSIONS)} each.")
    return {str(name): str(permission) for name, permission in privileges.items()}


def _only(body: Body, known: set[str]) -> None:
    if not body or not set(body) <= known:
        raise UserError("this changes nothing", hint=f"Give an object with any of: {', '.join(sorted(known))}.")


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError(f"{value!r} is no number for {name!r}", hint="Give a number.")
    return float(value)


CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "/upgrade": _upgrade,
        "/nodes/{lnn}": _node,
        "/clock": _clock,
        "/statistics": _statistics,
        "/figures": _figures,
        "/privileges": _privileges,
    }
)
