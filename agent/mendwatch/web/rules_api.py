"""`/api/v1/rules`, `/api/v1/alerts` and why a rule does what it does. It only reads; who may, the door decides as for all pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mendwatch.alerting.recording import plain
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.slices import batches
from mendwatch.clock import turn
from mendwatch.errors import MendwatchError, NotFound, UserError
from mendwatch.model.alerts import Alert
from mendwatch.web.rule_pages import Filed, Wanted, rules_page

#: Alerts that are written between two turns of the loop.
_AT_ONCE = 200
#: Subjects that one answer explains, if nobody says how many; and the longest question.
_SUBJECTS, _LONGEST = 10, 4000


@dataclass(frozen=True, slots=True)
class RulesView:
    """Where the answers come from. `explain` takes a rule's name, matchers, and how many subjects are wanted at most."""

    rules: Callable[[], RuleSet]
    alerts: Callable[[], Sequence[Alert]]
    explain: Callable[[str, Sequence[str], int], Awaitable[object]]


def routes(view: RulesView) -> list[Route]:
    """Give the routes."""
    answers = _Answers(view)
    return [
        Route("/api/v1/rules", answers.rules),
        Route("/api/v1/alerts", answers.alerts),
        Route("/api/v1/rules/{name}/explain", answers.explain),
    ]


class _Answers:
    def __init__(self, view: RulesView) -> None:
        self._view = view

    async def rules(self, request: Request) -> Response:
        """Give the rules with their alerts; takes what Prometheus takes: `type`, `rule_name[]`, `rule_group[]`, `file[]`, ..."""
        asked = request.query_params
        if asked.get("type", "alert") != "alert":
            return await _success({"groups": []})
        names, groups, files = (frozenset(asked.getlist(f"{word}[]")) for word in ("rule_name", "rule_group", "file"))
        wanted = Wanted(names, groups, files, alerts=asked.get("exclude_alerts", "").lower() not in {"1", "t", "true"})
        rules = self._view.rules()
        return await _success(rules_page(rules, await self._filed(rules), wanted))

    async def alerts(self, _: Request) -> Response:
        """Give every alert that is not inactive."""
        filed = await self._filed(self._view.rules())
        return await _success({"alerts": [alert for listed in filed.by_rule.values() for alert in listed]})

    async def explain(self, request: Request) -> Response:
        """Explain one rule; `match` are matchers and may be repeated, `limit` is how many subjects are told of."""
        asked = request.query_params
        matchers, limit = asked.getlist("match"), asked.get("limit", str(_SUBJECTS))
        if not limit.isascii() or not limit.isdigit() or len(limit) > len(str(_LONGEST)) or sum(map(len, matchers)) > _LONGEST:
            return await _error(400, "bad_data", "limit is no number, or the matchers are too long", "Ask for less.")
        try:
            return await _success(await self._view.explain(request.path_params["name"], matchers, int(limit)))
        except NotFound as problem:
            return await _error(404, "not_found", str(problem), problem.hint)
        except UserError as problem:
            return await _error(400, "bad_data", str(problem), problem.hint)
        except MendwatchError as problem:
            return await _error(503, "unavailable", f"the agent could not answer ({problem.code})", "The agent's log says why.")

    async def _filed(self, rules: RuleSet) -> Filed:
        filed = Filed()
        for some in batches(self._view.alerts(), _AT_ONCE):
            filed.add(some, rules)
            await turn()
        return filed


async def _success(data: object) -> Response:
    return await _json(200, {"status": "success", "data": data})


async def _error(status: int, kind: str, message: str, hint: str) -> Response:
    return await _json(status, {"status": "error", "errorType": kind, "error": message, "hint": hint})


async def _json(status: int, body: object) -> Response:
    """Write a body in a thread: ten thousand alerts take as long as a poll may not wait."""
    return Response(await asyncio.to_thread(plain.dumped, body), status, media_type="application/json")
