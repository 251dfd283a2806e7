"""Values that conditions name and no record has: windows over time, the records of other schemas, and the subject's peers.

`conditions` finds them in an expression and gives each a place among the expression's inputs; the engine works out their numbers
before a condition is asked. So a condition stays a pure function of numbers and texts. Nothing here computes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mendwatch.alerting.conditions import Condition


@dataclass(frozen=True, slots=True)
class Window:
    """What a function says of the newest values of one field.

    The functions are rate, delta, deriv, avg_over, min_over, max_over, quantile_over, changes, last and predict_linear; and age and
    absent_for, which have no window (`seconds` is 0). `parameter` is the quantile of quantile_over and the seconds ahead of
    predict_linear, else 0. `text` is the canonical form, such as `rate(usage_bytes, 5m)`. `alias` names the join whose field it is,
    and is empty for the record's own.
    """

    function: str
    field: str
    seconds: float
    parameter: float
    text: str
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """`alias.field`: the newest value of a field of the record that `with:` joins."""

    alias: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Peers:
    """`count_where(condition)`: how many records of the same schema on the same target meet a condition.

    Those without an answer do not meet it. `by` are labels that must be equal too. The subject counts itself.
    """

    condition: Condition
    by: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Now:
    """`now`: when the record was looked at, in seconds since 1970."""

    text: str = "now"


Derived = Window | Joined | Peers | Now
