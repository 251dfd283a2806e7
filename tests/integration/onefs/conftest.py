"""A simulated cluster over HTTPS, and sessions with it that are closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Open = Callable[..., OneFSSession]


@pytest.fixture
def clock() -> FakeClock:
    """Give the time that both the cluster and the client live in."""
    return FakeClock()


@pytest.fixture
async def simulator(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Simulator]:
    """Give a running cluster of four nodes."""
    async with Simulator(SimulatorOptions(folder=tmp_path / "sim", nodes=4, seed=1, clock=clock)) as running:
        yield running


@pytest.fixture
async def opened(simulator: Simulator, clock: FakeClock) -> AsyncIterator[Open]:
    """Give what opens a session with the cluster: `password`, `url` and options can be changed."""
    async with AsyncExitStack() as stack:

        def open_session(*, password: str | None = None, url: str | None = None, **options: object) -> OneFSSession:
            trust = {} if {"fingerprint", "ca_file"} & set(options) else {"ca_file": simulator.ca_file}
            target = Target("c1", "onefs", url or simulator.url, options={**trust, **options})
            secret = Secret(simulator.accounts["monitor"] if password is None else password)
            session = OneFSProvider(clock=clock).open(target, Credential("monitor", secret))
            stack.push_async_callback(session.close)
            return session

        yield open_session
