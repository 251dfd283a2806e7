"""A person asks the running agent why a rule fires and why another does not, and asks again when the agent is gone."""

from __future__ import annotations

import aiohttp
from worlds import GIB, World

from mendwatch.model.runs import RunState
from mendwatch.service import shelf

PATH = "/ifs/data/explained"
RULE = "PowerScaleQuotaNearlyFull"


async def test_the_agent_says_why_a_rule_fires_for_one_and_not_for_another(world: World) -> None:
    world.quota(PATH, used=95 * GIB)
    world.quota("/ifs/data/calm")
    async with world.agent():
        await world.run_in(RunState.PENDING)
        told = (await world.cli("rules", "explain", RULE, f"path={PATH}", "--json")).json()
        text = await world.cli("rules", "explain", RULE, "path=/ifs/data/calm")
        unknown = await world.cli("rules", "explain", "PowerScaleQuotaNearlyFul")
        nothing = (await world.cli("rules", "explain", RULE, "path=/ifs/nowhere", "--json")).json()

    (subject,) = told["explanation"]["subjects"]
    assert (told["source"], subject["state"], subject["key"]["path"]) == ("agent", "firing", PATH)
    parts = {part["text"]: part["value"] for part in subject["records"][0]["conditions"][0]["parts"]}
    assert parts["usage_bytes / hard_limit_bytes"] == 0.95
    blocking = {guard["guard"] for guard in told["guards"][subject["fingerprint"]] if guard["blocks"]}
    assert "concurrent" in blocking  # its own run is open, so that no second one begins
    assert {"transition", "proposed"} <= {one["kind"] for one in told["decisions"]}
    assert text.code == 0
    assert "inactive: usage_bytes / hard_limit_bytes > 0.9 does not hold" in text.out
    assert "usage_bytes / hard_limit_bytes = 0.5" in text.out
    assert (unknown.code, f"Did you mean '{RULE}'?" in unknown.err) == (1, True)
    (why, *_) = nothing["explanation"]["why"]
    assert why.startswith("no sample of type quota with path=/ifs/nowhere since the agent started, though ")


async def test_programs_that_know_prometheus_read_rules_and_alerts(world: World) -> None:
    world.quota(PATH, used=95 * GIB)
    async with world.agent() as agent, aiohttp.ClientSession() as http:
        await world.run_in(RunState.PENDING)
        async with http.get(f"{agent.url}/api/v1/rules", params={"rule_name[]": RULE}) as answer:
            rules = await answer.json()
        async with http.get(f"{agent.url}/api/v1/rules", params={"type": "record"}) as answer:
            recording = await answer.json()
        async with http.get(f"{agent.url}/api/v1/alerts") as answer:
            alerts = await answer.json()
        async with http.get(f"{agent.url}/api/v1/rules/{RULE}/explain", params={"match": "path=~'('"}) as answer:
            wrong = (answer.status, await answer.json())

    ((rule,),) = [group["rules"] for group in rules["data"]["groups"]]
    assert (rules["status"], rule["state"], rule["type"], rule["health"]) == ("success", "firing", "alerting", "ok")
    assert rule["alerts"][0]["labels"]["path"] == PATH
    assert recording["data"] == {"groups": []}
    firing = [one["labels"]["alertname"] for one in alerts["data"]["alerts"] if one["state"] == "firing"]
    assert firing == [RULE]
    assert (wrong[0], wrong[1]["status"], wrong[1]["errorType"]) == (400, "error", "bad_data")


async def test_where_no_agent_runs_files_and_journal_answer_and_the_record_can_be_put_to_rules(world: World) -> None:
    world.quota(PATH, used=95 * GIB)
    async with world.agent():
        await world.run_in(RunState.PENDING)
    kept = (await world.cli("rules", "explain", RULE, f"path={PATH}", "--json")).json()
    assert kept["source"] == "files and journal: the agent is not running"
    assert [alert["state"] for alert in kept["explanation"]["alerts"]] == ["firing"]
    assert "transition" in {one["kind"] for one in kept["decisions"]}
    assert (await world.cli("rules", "explain", RULE)).out.startswith(f"{RULE} (")

    assert shelf.files(world.folder / "state" / "readings")
    again = (await world.cli("rules", "backtest", "--last", "1h", "--json", "--rule", RULE)).json()
    assert [(one["rule"], one["key"]["path"]) for one in again["episodes"]] == [(RULE, PATH)]
    assert [one["remediation"] for one in again["asked"]] == ["onefs/quota_raise"]
