"""Keys of the sensors: temperatures, fans, currents, voltages, power. A named key is another name of a numbered one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.statistics.keys import About, NodeKey, NumberedKey, Template, Value, renamed
from mendwatch_onefs_sim.statistics.moments import NodeMoment
from mendwatch_onefs_sim.statistics.policies import ON_DEMAND

_FOREVER = 65_535
_CACHE = 10


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of sensor: its word, the word of its value, the unit, and the usual value of each sensor by its name."""

    name: str
    value: str
    units: str
    type: str
    usual: dict[str, float]


_KINDS = (
    _Kind("altitude", "meters", "meters", "double", {"": 210.0}),
    _Kind("curr", "amps", "amps", "double", {"cacps1": 1.1, "cacps2": 1.2, "cdcps1": 14.0, "cdcps2": 15.0}),
    _Kind("fan", "rpms", "rpms", "int32", {"fisi1": 6400, "fisi2": 6350, "fisi3": 6420, "fps11": 9800, "fps21": 9750}),
    _Kind(
        "misc", "data", "none", "int32",
        {
            "IMBVer": 3, "PwrGood1": 1, "PwrGood2": 1, "addrps1": 176, "addrps2": 178, "Ocp1": 0, "Ocp2": 0, "Uvp1": 0, "Uvp2": 0,
            "Ovp1": 0, "Ovp2": 0, "FanFail1": 0, "FanFail2": 0, "TempFail1": 0, "TempFail2": 0, "PwrOff1": 0, "PwrOff2": 0,
        },
    ),
    _Kind("power", "watts", "watts", "double", {"pinps1": 240.0, "pinps2": 250.0, "poutps1": 215.0, "poutps2": 225.0}),
    _Kind(
        "temp", "celsius", "celsius", "double",
        {"tutCPU0": 46.0, "tutCPU1": 47.0, "tSFC1": 38.0, "tFP": 24.0, "tps1": 33.0, "tps2": 34.0, "tSystem": 31.0},
    ),
    _Kind(
        "volt", "volts", "volts", "double",
        {
            "3.3v": 3.3, "5v": 5.0, "12v": 12.0, "5vSFC": 5.0, "12vSFC": 12.0, "vCore0": 1.0, "vCore1": 1.0, "12vminusSFC": -12.0,
            "5vFPF": 5.0, "3.3vSFC": 3.3, "nv1Vcur": 8.2, "nv2Vcur": 8.2, "1.8vSFC": 1.8, "1.0vSFC": 1.0, "vacps1": 230.0,
            "vacps2": 230.0, "1.5v": 1.5, "3.3vSB": 3.3, "5vSB": 5.0, "vDimmCPU0": 1.2, "vDimmCPU1": 1.2,
        },
    ),
)  # fmt: skip


def _of(kind: _Kind) -> Iterator[Template]:
    values, prefix = list(kind.usual.values()), f"node.sensor.{kind.name}"
    names = list(kind.usual)

    def count(_: Node) -> int:
        return len(values)

    aggregation = "last" if kind.name == "misc" else "avg"
    about = About(f"{prefix}.{kind.value}.N", f"Sensor: {kind.name}", kind.units, kind.type, ON_DEMAND, aggregation, _CACHE)
    numbered = NumberedKey(about, count, _value(kind, values))
    yield numbered
    yield from _names(kind, numbered)
    text = ("none", "string", ON_DEMAND, "last", _FOREVER)
    yield NumberedKey(About(f"{prefix}.name.N", "Name of a sensor", *text), count, lambda _, number: names[number])
    yield NumberedKey(About(f"{prefix}.desc.N", "What a sensor measures", *text), count, lambda _, number: f"Sensor {number}")
    yield NodeKey(About(f"{prefix}.names", "Names of the sensors", *text), lambda _: ",".join(names))
    yield NodeKey(
        About(f"{prefix}.count", "How many sensors there are", "none", "int32", ON_DEMAND, "last", _FOREVER), lambda _: len(values)
    )


def _names(kind: _Kind, numbered: NumberedKey) -> Iterator[NodeKey]:
    for number, name in enumerate(kind.usual):
        if name:
            about = replace(numbered.about, key=numbered.about.key.removesuffix("N") + str(number))
            yield renamed(NodeKey(about, _one(numbered, number)), about.key.removesuffix(str(number)) + name)


def _one(numbered: NumberedKey, number: int) -> Callable[[NodeMoment], Value]:
    return lambda now: numbered.value(now, number)


def _value(kind: _Kind, values: list[float]) -> Callable[[NodeMoment, int], Value]:
    def value(now: NodeMoment, number: int) -> Value:
        if kind.name == "misc":
            return int(values[number])
        warm = values[number] * (0.98 + 0.05 * now.activity)
        return round(warm) if kind.type == "int32" else warm

    return value


SENSORS: tuple[Template, ...] = tuple(key for kind in _KINDS for key in _of(kind))
