"""From the bytes of statistics/current to lists of keys, devices, nodes, times, codes and values.

Two ways give the same. The quick one has a decoder for exactly what was asked: it checks types while it decodes and gives the same
objects for the same keys, so that they are compared for nothing. When an answer is not like that (text for a number, an unknown
key), the patient way takes every value by itself, and tells which keys were odd.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, Union

import msgspec

from mendwatch_onefs.decoding import decode, number, whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.statistic_shapes import SCALAR, Shape
from mendwatch_onefs.statistics_asks import Ask, kind_of

WHAT = "GET statistics/current"


class Value(msgspec.Struct):
    """One value of one key at one node; `node` is the logical number, `devid` 0 the whole cluster."""

    key: Any = None
    devid: Any = None
    node: Any = None
    time: Any = None
    value: Any = None
    error_code: Any = None


class CurrentStatistics(msgspec.Struct):
    """The answer of statistics/current."""

    stats: list[Value]


@dataclass(slots=True)
class Answer:
    """One answer, column by column. `odd` are keys whose values were not of the type that they usually have."""

    keys: list[str]
    devids: list[int | None]
    nodes: list[int | None]
    times: list[float | None]
    codes: list[int | None]
    values: list[Any]
    odd: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.keys)


class Reader:
    """Reads the answers to one request, again and again."""

    def __init__(self, ask: Ask) -> None:
        self._shapes: Mapping[str, tuple[Shape, ...]] = {
            one.key: tuple({term.statistic.shape.name: term.statistic.shape for term in one.terms}.values()) for one in ask.wanted
        }
        self._decoder = None if ask.patient else _decoder(ask.keys, ask.shapes)

    def read(self, body: bytes, drift: Drift) -> Answer:
        """Read one answer.

        Raises:
            BadAnswer: it is no JSON of the expected outline at all.
        """
        if self._decoder is not None:
            try:
                return _columns(self._decoder.decode(body).stats)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                pass  # the patient way finds out what is wrong with it
        return self._patiently(body, drift)

    def _patiently(self, body: bytes, drift: Drift) -> Answer:
        answer = Answer([], [], [], [], [], [])
        for value in decode(body, CurrentStatistics, WHAT).stats:
            shapes = self._shapes.get(value.key) if isinstance(value.key, str) else None
            if shapes is None:
                drift.odd("statistics/current: key")
            else:
                self._take(value, shapes[0], answer, drift)
        return answer

    @staticmethod
    def _take(value: Value, shape: Shape, answer: Answer, drift: Drift) -> None:
        code = _whole(value.error_code)
        answer.keys.append(value.key)
        answer.devids.append(_whole(value.devid))
        answer.nodes.append(_whole(value.node))
        answer.times.append(number(value.time))
        answer.codes.append(-1 if value.error_code is not None and code is None else code)
        answer.values.append(shape.tidy(value.value, partial(drift.odd, f"statistics/current: {value.key}")))
        if not _usual(value.value, shape):
            answer.odd.add(value.key)


def _whole(raw: Any) -> int | None:  # noqa: ANN401 - foreign data
    return raw if raw is None or (type(raw) is int and raw >= 0) else whole(raw)


def _usual(raw: Any, shape: Shape) -> bool:  # noqa: ANN401 - foreign data
    """Tell whether the quick way would have taken this value."""
    if shape is SCALAR and type(raw) is float:
        return True
    try:
        msgspec.convert(raw, shape.outline)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # half a surrogate pair is a ValueError
        return False
    return True


def _columns(stats: Sequence[Any]) -> Answer:
    return Answer(
        [one.key for one in stats],
        [one.devid for one in stats],
        [one.node for one in stats],
        [one.time for one in stats],
        [one.error_code for one in stats],
        [one.value for one in stats],
    )


def _decoder(keys: tuple[str, ...], shapes: Sequence[Shape]) -> msgspec.json.Decoder[Any]:
    """Make the decoder for exactly these keys; what the answer has beside the fields here is skipped."""
    kinds = {kind_of(shape) for shape in shapes}
    if len(kinds) != 1:
        message = f"no decoder takes {sorted(kinds)} together"
        raise ValueError(message)
    outline: Any = Union[tuple(shape.outline for shape in shapes)]  # noqa: UP007 - made at run time
    entry = msgspec.defstruct(
        "Entry",
        [
            # In OneFS' own order, each field is found where it is looked for first; `error` is there to be passed over so.
            ("devid", int | None, None),
            ("error", Any, None),
            ("error_code", int | None, None),
            ("key", Literal[keys]),
            ("node", int | None, None),
            ("time", float | None, None),
            ("value", outline, None),
        ],
        gc=False,
        kw_only=True,
    )
    return msgspec.json.Decoder(msgspec.defstruct("Entries", [("stats", list[entry])], gc=False))  # type: ignore[valid-type] # made at run time
