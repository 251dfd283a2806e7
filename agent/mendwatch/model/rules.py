"""A rule as loaded: when to worry, and what may be done about it. Durations are timedeltas; expressions are text.

The words and defaults are design.md's; `alerting` compiles the expressions and `remediation` reads the stanza.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

#: Where a rule's subjects come from: our own samples or an Alertmanager webhook.
SOURCE_SAMPLES = "samples"
SOURCE_ALERTMANAGER = "alertmanager"


class NoData(StrEnum):
    """What a rule's alert does when its subject gives no data."""

    KEEP = "keep"
    FIRE = "fire"
    RESOLVE = "resolve"


class Mode(StrEnum):
    """How far a remediation may go by itself. Observe is the default."""

    OBSERVE = "observe"  # record what would be done
    CHECK = "check"  # plan in Ansible's check mode, ask nobody, change nothing
    APPROVE = "approve"  # plan, wait for a person, then apply
    AUTO = "auto"  # plan and apply, within the guards


@dataclass(frozen=True, slots=True)
class Approval:
    """Who must agree, and for how long the question stands."""

    quorum: int = 1
    not_proposer: bool = True
    expires: timedelta = timedelta(minutes=30)
    recheck: bool = True


@dataclass(frozen=True, slots=True)
class Verify:
    """How success is measured: the condition must hold on a poll made after the change, within so long.

    An empty `when` means that the alert must be over.
    """

    when: str
    within: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Guard:
    """The limits that are on even when a rule names none (notes: safety belts that default to off are not worn)."""

    cooldown: timedelta = timedelta(minutes=15)
    max_runs: int = 3
    max_runs_window: timedelta = timedelta(hours=24)
    concurrent: int = 1
    per: tuple[str, ...] = ("target",)
    max_targets: int = 1
    breaker_failures: int = 2


@dataclass(frozen=True, slots=True)
class Remediate:
    """The `remediate:` stanza. `variables` are CEL expressions over the record."""

    remediation: str
    variables: Mapping[str, str]
    mode: Mode = Mode.OBSERVE
    approval: Approval = Approval()
    verify: Verify | None = None
    guard: Guard = Guard()


@dataclass(frozen=True, slots=True)
class Inhibition:
    """A rule is silent while `alert` fires for a subject with equal values of `equal`."""

    alert: str
    equal: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """One item of `with:`. The fields of the record of schema `on` with equal values of `equal` can be named as `name.field`."""

    name: str
    on: str
    equal: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flap:
    """So many changes between raised and not raised within so long, and the alert flaps: it is held until it is calm."""

    changes: int = 6
    window: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Rule:
    """One alerting rule. `digest` is the SHA-256 of its text in canonical form; a change of it is a new rule."""

    alert: str
    group: str
    on: str
    when: str
    clear: str | None
    match: tuple[str, ...]
    key: tuple[str, ...]
    hold: timedelta  # `for:`, which is a word of Python
    keep_firing_for: timedelta
    stale_after: timedelta | None
    no_data: NoData
    source: str
    inhibited_by: tuple[Inhibition, ...]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    remediate: Remediate | None
    digest: str
    joins: tuple[Join, ...] = ()  # `with:`, which is a word of Python
    flap: Flap = Flap()
    #: Labels that must be equal: while this rule is raised, no remediation begins for such subjects. None: it freezes nothing.
    freezes: tuple[str, ...] | None = None
    #: Of a rule with `source: alertmanager`: the label that carries the target's id.
    target_label: str = ""
    path: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)
