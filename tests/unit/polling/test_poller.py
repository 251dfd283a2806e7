"""The poller over scripted targets in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import structlog

from mendwatch import errors
from mendwatch.model.notices import Notice
from mendwatch.model.samples import Reading, Sample
from mendwatch.model.targets import Identity, Target
from mendwatch.polling.outcomes import PollOutcome
from mendwatch.polling.poller import Poller
from mendwatch.polling.standby import Ending, State
from mendwatch.polling.watches import Probe, Watch
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.collectors import RecordingSink, ScriptedCollector, ScriptedProvider, VirtualTimetable

ONE = Reading((Sample("scripted_load", 1.0),))
HOUR = 3600.0


class Scene:
    """A poller and everything around it."""

    def __init__(self, *providers: ScriptedProvider) -> None:
        self.clock = FakeClock()
        self.timetable = VirtualTimetable(self.clock, self.clock.move)
        self.sink = RecordingSink()
        self.notices: list[Notice] = []
        watches = [_watch(f"target-{number}", provider) for number, provider in enumerate(providers, 1)]
        self.poller = Poller(watches, self.sink, clock=self.clock, announce=self.notices.append, timetable=self.timetable)

    def kinds(self) -> list[str]:
        return [notice.kind for notice in self.notices]


def _watch(name: str, provider: ScriptedProvider) -> Watch:
    probes = tuple(Probe(collector.spec, collector) for collector in provider.collectors())
    return Watch(Target(name, provider.name, f"{name}.example"), provider, probes, lambda: None)


@asynccontextmanager
async def polling(*providers: ScriptedProvider) -> AsyncIterator[Scene]:
    scene = Scene(*providers)
    await scene.poller.start()
    try:
        yield scene
    finally:
        await scene.poller.stop()


def four(**more: object) -> ScriptedProvider:
    return ScriptedProvider([ScriptedCollector(name) for name in ("events", "identity", "quotas", "statistics")], **more)  # type: ignore[arg-type]


async def wait_for_ever() -> Reading:
    await asyncio.Event().wait()
    return ONE


async def test_every_outcome_reaches_the_sink_with_its_reading_and_its_time() -> None:
    collector = ScriptedCollector("load", default=ONE)
    async with polling(ScriptedProvider([collector])) as scene:
        await scene.timetable.run(90)

    first = scene.sink.outcomes[0]
    assert len(scene.sink.outcomes) == 3
    assert (first.target.id, first.spec.name, first.reading, first.error, first.ending) == (
        "target-1",
        "load",
        ONE,
        None,
        Ending.OK,
    )
    assert [outcome.at for outcome in scene.sink.outcomes] == collector.calls


async def test_one_session_is_opened_lazily_kept_over_polls_and_closed_once() -> None:
    provider = four()
    async with polling(provider) as scene:
        assert provider.opens == 0
        await scene.timetable.run(300)
        assert (provider.opens, provider.logins, provider.closes) == (1, 1, 0)

    assert provider.closes == 1


async def test_a_wrong_password_is_tried_exactly_once_in_an_hour_by_four_collectors() -> None:
    provider = four(identity=errors.AuthenticationFailed("wrong password"))
    async with polling(provider) as scene:
        await scene.timetable.run(HOUR - 60)
        assert (provider.opens, provider.logins) == (1, 1)

        await scene.timetable.run(120)
        assert (provider.opens, provider.logins) == (2, 2)


async def test_a_wrong_password_is_tried_exactly_once_by_four_collectors_at_once() -> None:
    provider = four(identity=errors.AuthenticationFailed("wrong password"))
    async with polling(provider) as scene:
        outcomes = await scene.poller.poll_now("target-1", force=True)

    assert provider.logins == 1
    assert {outcome.ending for outcome in outcomes} == {Ending.AUTHENTICATION_FAILED}


async def test_a_credential_that_is_refused_in_the_middle_ends_what_runs_with_it() -> None:
    hanging = ScriptedCollector("hanging", default=wait_for_ever, timeout=60.0)
    refused = ScriptedCollector("refused", [errors.AuthenticationFailed("the password was changed")])
    provider = ScriptedProvider([hanging, refused])
    async with polling(provider) as scene, asyncio.timeout(5):
        slow, quick = await scene.poller.poll_now("target-1")

    assert (slow.ending, quick.ending) == (Ending.AUTHENTICATION_FAILED, Ending.AUTHENTICATION_FAILED)
    assert provider.closes == 1


async def test_a_corrected_password_is_found_within_the_hour_with_a_new_session() -> None:
    provider = four(identity=errors.AuthenticationFailed("wrong password"))
    async with polling(provider) as scene:
        await scene.timetable.run(60)
        provider.identity = Identity("pretended", "Pretended", "1.0")
        await scene.timetable.run(HOUR)

        assert scene.kinds() == ["target.failing", "target.recovered"]
        assert provider.opens == 2


async def test_an_unreachable_target_is_asked_less_and_less() -> None:
    provider = four(identity=errors.Unreachable("connection refused"))
    async with polling(provider) as scene:
        await scene.timetable.run(HOUR)

    assert provider.logins <= 5 + HOUR / 1024 + 1
    assert ("target-1", "quotas", "standing_by") in scene.sink.missed


async def test_an_outage_is_logged_once_and_so_is_its_end() -> None:
    provider = four()
    async with polling(provider) as scene:
        await scene.timetable.run(60)
        with structlog.testing.capture_logs() as logs:
            for collector in provider.scripted:
                collector.default = errors.Unreachable("connection refused")
            await scene.timetable.run(600)
            for collector in provider.scripted:
                collector.default = ONE
            await scene.timetable.run(1100)

    assert [line["event"] for line in logs] == ["target_failing", "target_recovered"]
    assert scene.kinds() == ["target.up", "target.failing", "target.recovered"]


async def test_a_denied_collector_rests_an_hour_while_the_others_go_on() -> None:
    denied = ScriptedCollector("denied", default=errors.Denied("ISI_PRIV_QUOTA is missing"))
    fine = ScriptedCollector("fine", default=ONE)
    async with polling(ScriptedProvider([denied, fine])) as scene:
        with structlog.testing.capture_logs() as logs:
            await scene.timetable.run(2 * HOUR)

    assert len(denied.calls) == 2
    assert len(fine.calls) == 2 * HOUR / 30
    assert [line["event"] for line in logs].count("collector_failing") == 1


async def test_a_bug_in_a_collector_is_logged_once_with_its_traceback_and_polling_goes_on() -> None:
    async def explode() -> Reading:
        raise KeyError("usage")

    collector = ScriptedCollector("broken", default=explode)
    async with polling(ScriptedProvider([collector])) as scene:
        with structlog.testing.capture_logs() as logs:
            await scene.timetable.run(300)

    failing = [line for line in logs if line["event"] == "collector_failing"]
    assert len(collector.calls) == 10
    assert len(failing) == 1
    assert isinstance(failing[0]["exc_info"], KeyError)


async def test_a_bad_answer_is_asked_again_at_the_next_round() -> None:
    collector = ScriptedCollector("load", [errors.BadAnswer("not JSON")], default=ONE)
    async with polling(ScriptedProvider([collector])) as scene:
        await scene.timetable.run(60)

    assert [outcome.ending for outcome in scene.sink.outcomes] == [Ending.BAD_ANSWER, Ending.OK]


async def test_a_throttling_target_is_left_alone_as_long_as_it_asks() -> None:
    collector = ScriptedCollector("load", [errors.Throttled("busy", after=120)], default=ONE)
    async with polling(ScriptedProvider([collector])) as scene:
        await scene.timetable.run(30)
        await scene.timetable.run(119)
        assert len(collector.calls) == 1
        await scene.timetable.run(31)
        assert len(collector.calls) == 2


async def test_a_collector_that_hangs_ends_at_its_deadline_as_unreachable() -> None:
    collector = ScriptedCollector("slow", default=wait_for_ever, timeout=0.05)
    async with polling(ScriptedProvider([collector])) as scene:
        (outcome,) = await scene.poller.poll_now("target-1")

    assert isinstance(outcome.error, errors.Unreachable)
    assert outcome.timed_out
    assert "within 0.05 s" in str(outcome.error)


async def test_a_target_that_hangs_does_not_delay_another() -> None:
    hanging = ScriptedProvider([ScriptedCollector("load", default=wait_for_ever, timeout=3600.0)])
    quick = ScriptedCollector("load", default=ONE)
    async with polling(hanging, ScriptedProvider([quick])) as scene:
        await scene.timetable.run(300)

        assert len(quick.calls) == 10
        assert ("target-1", "load", "still_running") in scene.sink.missed


async def test_a_session_that_cannot_be_opened_is_told_with_the_configurations_hint() -> None:
    provider = four(open_error=errors.ConfigurationError("no such CA file", hint="Check ca_file."))
    async with polling(provider) as scene:
        (outcome,) = await scene.poller.poll_now("target-1", ["quotas"])

    assert isinstance(outcome.error, errors.Unreachable)
    assert outcome.error.hint == "Check ca_file."


async def test_a_target_that_does_not_say_what_it_is_is_polled_all_the_same() -> None:
    provider = four(identity=errors.Denied("ISI_PRIV_CLUSTER is missing"))
    async with polling(provider) as scene:
        outcomes = await scene.poller.poll_now("target-1")

    assert {outcome.ending for outcome in outcomes} == {Ending.OK}
    assert provider.logins == 1


async def test_a_target_that_comes_back_as_another_release_is_identified_again() -> None:
    provider = four(identity=Identity("pretended", "Pretended", "1.0"))
    async with polling(provider) as scene:
        await scene.timetable.run(60)
        provider.identity = Identity("pretended", "Pretended", "2.0")
        provider.scripted[0].answers.append(errors.Unreachable("rebooting"))
        await scene.timetable.run(120)

        assert (identity := scene.poller.status_of("target-1").identity) is not None
        assert identity.version == "2.0"


async def test_a_sink_that_fails_does_not_end_polling() -> None:
    class Broken(RecordingSink):
        async def poll_done(self, outcome: PollOutcome) -> None:
            await super().poll_done(outcome)
            raise RuntimeError("the sink is broken")

    scene = Scene(four())
    sink = Broken()
    poller = Poller([_watch("target-1", four())], sink, clock=scene.clock, announce=scene.notices.append, timetable=scene.timetable)
    await poller.start()
    with structlog.testing.capture_logs():
        await scene.timetable.run(90)
    await poller.stop()

    assert len(sink.outcomes) == 12


# --- fresh data -----------------------------------------------------------------------------------------------------


class Gate:
    """An answer that waits until it is let go, and says when it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.go = asyncio.Event()

    async def __call__(self) -> Reading:
        self.asked += 1
        number = self.asked
        await self.go.wait()
        return Reading((Sample("scripted_load", float(number)),))


async def settle(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came to that")


def value(outcome: PollOutcome) -> float:
    assert outcome.reading is not None
    return outcome.reading.samples[0].value


async def test_fresh_data_never_comes_from_a_poll_that_ran_already() -> None:
    gate = Gate()
    async with polling(ScriptedProvider([ScriptedCollector("load", default=gate)])) as scene:
        first = asyncio.create_task(scene.poller.poll_now("target-1"))
        await settle(lambda: gate.asked == 1)
        second = asyncio.create_task(scene.poller.poll_now("target-1"))
        gate.go.set()

        assert [value(outcome) for outcome in (*await first, *await second)] == [1.0, 2.0]


async def test_callers_who_wait_together_share_one_poll() -> None:
    gate = Gate()
    async with polling(ScriptedProvider([ScriptedCollector("load", default=gate)])) as scene:
        first = asyncio.create_task(scene.poller.poll_now("target-1"))
        await settle(lambda: gate.asked == 1)
        waiting: list[Awaitable[tuple[PollOutcome, ...]]] = [
            asyncio.create_task(scene.poller.poll_now("target-1")) for _ in range(10)
        ]
        await asyncio.sleep(0)
        gate.go.set()
        await first

        assert {value(outcome) for answer in await asyncio.gather(*waiting) for outcome in answer} == {2.0}


async def test_a_caller_who_goes_away_does_not_end_the_poll_of_the_others() -> None:
    gate = Gate()
    async with polling(ScriptedProvider([ScriptedCollector("load", default=gate)])) as scene:
        impatient = asyncio.create_task(scene.poller.poll_now("target-1"))
        await settle(lambda: gate.asked == 1)
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
        gate.go.set()
        await settle(lambda: bool(scene.sink.outcomes))

    assert value(scene.sink.outcomes[0]) == 1.0


async def test_the_sink_has_taken_fresh_data_before_the_caller_gets_it() -> None:
    async with polling(four()) as scene:
        outcomes = await scene.poller.poll_now("target-1", ["quotas", "events"])

        assert [outcome.spec.name for outcome in outcomes] == ["events", "quotas"]
        assert sorted(outcome.spec.name for outcome in scene.sink.outcomes) == ["events", "quotas"]


async def test_fresh_data_of_a_target_that_stands_by_is_the_error_it_stands_by_for() -> None:
    collector = ScriptedCollector("load", [errors.Unreachable("connection refused")], default=ONE)
    async with polling(ScriptedProvider([collector])) as scene:
        await scene.poller.poll_now("target-1")
        (skipped,) = await scene.poller.poll_now("target-1")

        assert skipped.skipped
        assert str(skipped.error) == "connection refused"
        assert len(collector.calls) == len(scene.sink.outcomes) == 1


async def test_force_asks_a_target_that_stands_by() -> None:
    collector = ScriptedCollector("load", [errors.Unreachable("connection refused")], default=ONE)
    async with polling(ScriptedProvider([collector])) as scene:
        await scene.poller.poll_now("target-1")
        (outcome,) = await scene.poller.poll_now("target-1", force=True)

    assert outcome.reading == ONE


async def test_an_unknown_target_is_not_found_and_the_nearest_is_named() -> None:
    async with polling(four()) as scene:
        with pytest.raises(errors.NotFound, match="'target-l'") as caught:
            await scene.poller.poll_now("target-l")
        with pytest.raises(errors.NotFound, match="no collector 'quota'"):
            await scene.poller.poll_now("target-1", ["quota"])

    assert caught.value.hint == "Did you mean 'target-1'?"


async def test_who_waits_for_fresh_data_while_the_agent_stops_is_refused() -> None:
    gate = Gate()
    async with polling(ScriptedProvider([ScriptedCollector("load", default=gate)])) as scene:
        waiting = asyncio.create_task(scene.poller.poll_now("target-1"))
        await settle(lambda: gate.asked == 1)

    with pytest.raises(errors.Refused, match="stopping"):
        await waiting


# --- status ---------------------------------------------------------------------------------------------------------


async def test_a_target_that_was_not_asked_yet_is_neither_up_nor_down() -> None:
    async with polling(four()) as scene:
        (status,) = scene.poller.status()

    assert status.up is None
    assert not status.polled


async def test_status_tells_the_error_the_hint_and_when_it_is_tried_again() -> None:
    async with polling(four(identity=errors.Unreachable("connection refused"))) as scene:
        await scene.poller.poll_now("target-1", ["quotas"])
        (status,) = scene.poller.status()

    assert (status.up, status.state, status.error) == (False, State.STANDING_BY, "connection refused")
    assert status.until == scene.clock.now() + timedelta(seconds=4)
    assert status.hint == errors.Unreachable.default_hint
    assert status.polled


async def test_status_tells_each_collectors_last_poll_and_success() -> None:
    provider = ScriptedProvider([ScriptedCollector("load", [ONE, errors.BadAnswer("not JSON")])])
    async with polling(provider) as scene:
        await scene.timetable.run(60)
        (collector,) = scene.poller.status()[0].collectors

    assert (collector.error, collector.error_code) == ("not JSON", "bad_answer")
    assert collector.last_success == scene.sink.outcomes[0].at
    assert collector.last_poll == scene.sink.outcomes[1].at


async def test_control_characters_of_a_device_reach_no_log_line_and_no_notice() -> None:
    provider = four(identity=Identity("x", "One\x1b[2JFS", "9.\n8"))
    async with polling(provider) as scene:
        with structlog.testing.capture_logs() as logs:
            await scene.poller.poll_now("target-1")

    assert scene.notices[0].text == "target-1 is up: One\ufffd[2JFS 9.\ufffd8"
    assert all(character not in str(logs) for character in ("\x1b", "\n"))
