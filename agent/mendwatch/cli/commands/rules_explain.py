"""`mendwatch rules explain`: why a rule did what it did, and why it did not, as the running agent sees it."""

from __future__ import annotations

import asyncio
import json as json_format
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from mendwatch.alerting import matchers
from mendwatch.alerting.explaining import answering
from mendwatch.alerting.recording import plain
from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.cli import agent_page, explain_report, output
from mendwatch.cli.agent_page import Unseen
from mendwatch.cli.context import ConfigOption, JsonOption, settings
from mendwatch.config.documents import nearest
from mendwatch.config.settings import Settings
from mendwatch.errors import ContentError, NotFound, UserError
from mendwatch.model.alerts import Alert
from mendwatch.model.journal import Decision
from mendwatch.service import library

_ANSWERS = (HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
#: Decisions that are read of the journal where no agent answers.
_DECISIONS = 20


def explain(
    rule: Annotated[str, typer.Argument(help="The rule's name.")],
    subject: Annotated[
        list[str] | None,
        typer.Argument(help="Matchers of the subjects that are meant, such as path=/ifs/data; all must match.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="Subjects to tell of, the worst first.")] = 5,
    config: ConfigOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Explain a rule: the value of every part of its condition, the clocks, what holds it back, what was decided.

    The running agent is asked. Where none runs, it is told what the files and the journal say.
    """
    loaded, _ = settings(config)
    wanted = _checked(subject or ())
    page = asyncio.run(agent_page.ask(loaded, _path(rule, wanted, limit), _ANSWERS))
    body = page if isinstance(page, Unseen) else _read(page)
    told = _from_files(loaded, rule, wanted, body) if isinstance(body, Unseen) else body
    if json:
        output.as_json(told)
    else:
        explain_report.tell(told)


def _checked(texts: Sequence[str]) -> list[str]:
    for text in texts:
        try:
            matchers.parse(text)
        except ContentError as problem:
            raise UserError(str(problem), hint=problem.hint) from problem
    return list(texts)


def _path(rule: str, wanted: Sequence[str], limit: int) -> str:
    query = urlencode([*(("match", text) for text in wanted), ("limit", limit)])
    return f"/api/v1/rules/{quote(rule, safe='')}/explain?{query}"


def _read(page: str) -> dict[str, Any] | Unseen:
    """Read the agent's answer; what is none of an agent's is silence.

    Raises:
        UserError, NotFound: the agent says that the question is wrong.
    """
    try:
        body = json_format.loads(page)
        if body["status"] == "success":
            return {"source": "agent", **body["data"]}
        kind: type[UserError | NotFound] = NotFound if body["errorType"] == "not_found" else UserError
        problem = kind(str(body["error"]), hint=str(body["hint"]))
    except (ValueError, KeyError, TypeError):
        return Unseen.SILENT
    raise problem


def _from_files(loaded: Settings, name: str, wanted: Sequence[str], why: Unseen) -> dict[str, Any]:
    """Tell what the files and the state say: the rule, the kept alerts with their clocks, and the journal."""
    compiled = _rule(loaded, name)
    alerts, decisions = asyncio.run(_kept(loaded, name))
    asked = [matchers.parse(text) for text in wanted]
    meant = [alert for alert in alerts if all(one.matches({**alert.labels, **alert.key}) for one in asked)]
    marks = {alert.fingerprint for alert in meant}
    about = [one for one in decisions if not asked or one.fingerprint in marks]
    answer = {
        "source": f"files and journal: {why.value}",
        "explanation": {"rule": answering.facts(compiled), "why": [], "alerts": meant},
        "guards": {},
        "decisions": about[:_DECISIONS],
    }
    plainly: dict[str, Any] = plain.loaded(plain.dumped(answer))
    return plainly


def _rule(loaded: Settings, name: str) -> CompiledRule:
    rules = library.load(loaded).rules
    found = rules.get(name)
    if found is None:
        meant = nearest(name, [rule.alert for rule in rules.rules])
        raise NotFound(f"there is no rule {name!r}", hint=f"Did you mean {meant!r}?" if meant else "See `mendwatch rules check`.")
    return found


async def _kept(loaded: Settings, name: str) -> tuple[list[Alert], Sequence[Decision]]:
    from mendwatch.service.state import open_state  # noqa: PLC0415 - a fifth of a second that other commands of rules do not need

    store = await open_state(loaded)
    try:
        alerts = [alert for alert in await store.alerts.load() if alert.rule == name]
        return alerts, await store.journal.of_rule(name, limit=100)
    finally:
        await store.close()
