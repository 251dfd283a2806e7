"""From a rule's text, which was checked, to the noun `model.rules.Rule`. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from mendwatch.alerting.format import CommonText, ForeignText, RemediateText, RuleText
from mendwatch.config.documents import Document, Location
from mendwatch.model.rules import SOURCE_ALERTMANAGER, Approval, Flap, Guard, Inhibition, Join, Remediate, Rule, Verify

#: What a rule over an Alertmanager's alerts has for a condition: that one has judged already.
ALWAYS = "true"


def joins(text: RuleText) -> tuple[Join, ...]:
    """Give what `with:` says, in the order of the names."""
    return tuple(Join(name, item.on, tuple(item.equal)) for name, item in sorted(text.joins.items()))


def own_rule(text: RuleText, group: str, key: tuple[str, ...], document: Document, base: Location) -> Rule:
    """Give a rule over the agent's own records; `key` is the one that it has, written or by default."""
    return Rule(on=text.on, when=text.when, clear=text.clear, joins=joins(text), key=key, **_common(text, group, document, base))


def foreign_rule(text: ForeignText, group: str, document: Document, base: Location) -> Rule:
    """Give a rule over an Alertmanager's alerts."""
    common = _common(text, group, document, base)
    return Rule(on=SOURCE_ALERTMANAGER, when=ALWAYS, clear=None, key=tuple(text.key), target_label=text.target, **common)


def digest(text: CommonText) -> str:
    """Give SHA-256 over the rule in canonical form: comments, order of keys and ways to write a duration do not matter."""
    plain = text.model_dump(mode="json", by_alias=True)
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _common(text: RuleText | ForeignText, group: str, document: Document, base: Location) -> dict[str, Any]:
    return {
        "alert": text.alert,
        "group": group,
        "match": tuple(text.match),
        "hold": text.hold,
        "keep_firing_for": text.keep_firing_for,
        "stale_after": text.stale_after,
        "no_data": text.no_data,
        "source": text.source,
        "inhibited_by": tuple(Inhibition(item.alert, tuple(item.equal)) for item in text.inhibited_by),
        "labels": dict(text.labels),
        "annotations": dict(text.annotations),
        "remediate": _remediate(text.remediate),
        "flap": Flap(text.flap.changes, text.flap.window),
        "freezes": tuple(text.freezes) if text.freezes is not None else None,
        "digest": digest(text),
        "path": document.path,
        "line": document.positions.get(base, (0, 0))[0],
    }


def _remediate(text: RemediateText | None) -> Remediate | None:
    if text is None:
        return None
    guard = text.guard
    return Remediate(
        remediation=text.remediation,
        variables=dict(text.variables),
        mode=text.mode,
        approval=Approval(**text.approval.model_dump()),
        verify=Verify(text.verify.when or "", text.verify.within) if text.verify is not None else None,
        guard=Guard(
            cooldown=guard.cooldown,
            max_runs=guard.max_runs[0],
            max_runs_window=guard.max_runs[1],
            concurrent=guard.concurrent,
            per=tuple(guard.per),
            max_targets=guard.max_targets,
            breaker_failures=guard.breaker.failures,
        ),
    )
