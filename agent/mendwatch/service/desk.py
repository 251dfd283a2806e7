"""The agent at the MCP desk: answers from the store, the poller and the history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from mendwatch.clock import Clock
from mendwatch.history.memory import MemoryHistory
from mendwatch.mcp_server import translate
from mendwatch.mcp_server.rule_shapes import RuleExplanation, RuleList
from mendwatch.mcp_server.shapes import MetricAnswer, RunDetail, RunList, TargetList, Verdict
from mendwatch.model.principals import Principal
from mendwatch.model.runs import RunState
from mendwatch.polling.poller import Poller
from mendwatch.service import rule_answers
from mendwatch.service.explanations import Explainer
from mendwatch.store.interface import Store


class AgentDesk:
    """`decided` is called after a decision, so that an approved run starts at once."""

    def __init__(
        self,
        store: Store,
        poller: Poller,
        history: MemoryHistory,
        clock: Clock,
        decided: Callable[[], None],
        explainer: Explainer,
    ) -> None:
        self._store = store
        self._poller = poller
        self._history = history
        self._clock = clock
        self._decided = decided
        self.explainer = explainer

    async def run_list(self, states: Sequence[RunState] | None, target: str | None, limit: int) -> RunList:
        """Give runs, newest first."""
        return translate.run_list(await self._store.runs.list(states=states, target=target, limit=limit + 1), limit)

    async def run_get(self, run_id: str) -> RunDetail:
        """Give one run with its plan. Raises NotFound."""
        return translate.run_detail(await self._store.runs.get(run_id))

    async def run_decide(self, run_id: str, plan_hash: str, verdict: Verdict, reason: str, principal: Principal) -> RunDetail:
        """Record a decision on exactly this plan. Raises Refused, after auditing the attempt."""
        run = await self._store.runs.decide(run_id, plan_hash=plan_hash, verdict=verdict, principal=principal, reason=reason)
        self._decided()
        return translate.run_detail(run)

    async def decision_refused(self, run_id: str, principal: Principal, why: str) -> None:
        """Audit an attempt that the channel itself refused."""
        await self._store.audit.append(principal.actor, "run.decision_refused", run_id, {"reason": why})

    async def target_list(self) -> TargetList:
        """Give every target."""
        return translate.target_list(self._poller.status())

    async def rule_list(self, firing: bool, limit: int) -> RuleList:  # noqa: FBT001 - as the desk has it
        """Give the rules, those that fire first."""
        engine = self.explainer.engine
        return rule_answers.rule_list(engine.rules.compiled, engine.alerts(), firing=firing, limit=limit)

    async def rule_explain(self, rule: str, matchers: Sequence[str], limit: int) -> RuleExplanation:
        """Explain one rule. Raises NotFound and UserError."""
        return rule_answers.explanation(await self.explainer.explain(rule, matchers, limit))

    async def metric_query(self, selector: str, window: timedelta, limit: int) -> MetricAnswer:
        """Answer a PromQL selector. Raises UserError where it is no selector."""
        return translate.metric_answer(self._history.query(selector, since=window, now=self._clock.now(), limit=limit))
