"""The one HTTP application: metrics, health, the landing page, the webhooks, and /mcp as a guest.

It knows nothing of MCP: the application for /mcp and the lifespan that it needs are passed in. The pages are open to
whoever reaches the port, so they show how things stand and change nothing; webhooks have a door of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from mendwatch.polling.outcomes import TargetStatus
from mendwatch.web import discovery, exposition, pages, readiness, reloading, rules_api, stopping
from mendwatch.web.headers import SecurityHeaders
from mendwatch.web.passwords import BasicAuth
from mendwatch.web.probing import Probe
from mendwatch.web.reloading import Reload
from mendwatch.web.rules_api import RulesView
from mendwatch.web.stopping import StopRuns
from mendwatch.web.users import nobody
from mendwatch.web.webhook import SOURCES, Webhook


def _no_faults() -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Views:
    """What the pages show. Each is asked anew for every request and must return at once.

    `metrics` gives the page in a format, in pieces; `targets` how each target stands; `faults` one sentence for whatever else
    keeps the agent from being ready; `warnings` what should be known although it is. `probe` answers for one target alone, and
    may take its time; `rules` answers for the rules.
    """

    metrics: exposition.Pieces
    targets: Callable[[], Sequence[TargetStatus]]
    faults: Callable[[], Sequence[str]] = _no_faults
    warnings: Callable[[], Sequence[str]] = _no_faults
    probe: Probe | None = None
    rules: RulesView | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """Who may come in, and more headers for every answer. `users` gives names with bcrypt hashes; anybody where there are none."""

    users: Callable[[], Mapping[str, str]] = nobody
    headers: Mapping[str, str] = field(default_factory=dict)


def build(
    views: Views,
    *,
    mcp: ASGIApp | None = None,
    lifespan: Lifespan[Starlette] | None = None,
    door: Door = Door(),
    webhook: Webhook | None = None,
    reload: Reload | None = None,
    stop_runs: StopRuns | None = None,
) -> Starlette:
    """Build the application; `mcp` answers at /mcp itself, and `lifespan` is what it needs to live."""
    pages_of = _Endpoints(views, mcp=mcp is not None)
    routes = [
        Route("/", pages_of.landing),
        Route("/metrics", pages_of.metrics),
        Route("/sd", pages_of.discovery),
        Route("/-/healthy", pages_of.healthy),
        Route("/-/ready", pages_of.ready),
    ]
    if views.probe is not None:
        routes.append(Route("/probe", views.probe.answer))
    if views.rules is not None:
        routes += rules_api.routes(views.rules)
    if mcp is not None:
        routes.append(Route("/mcp", _Guest(mcp)))
    if webhook is not None:
        routes += [Route(path, webhook.answer, methods=["POST"]) for path in SOURCES]
    if reload is not None:
        routes.append(Route(reloading.PATH, reload.answer, methods=["POST"]))
    if stop_runs is not None:
        routes += [Route(path, stop_runs.answer, methods=["POST"]) for path in stopping.PATHS]
    app = Starlette(routes=routes, middleware=_wrappers(door), lifespan=lifespan)
    app.router.redirect_slashes = False  # an unknown path is unknown, whatever it ends in
    return app


def _wrappers(door: Door) -> list[Middleware]:
    # These ask for a token of their own, in the same header as a password.
    return [
        Middleware(SecurityHeaders, door.headers),
        Middleware(BasicAuth, door.users, {"/mcp", reloading.PATH, *stopping.PATHS, *SOURCES}),
    ]


class _Guest:
    """Hands every request on as it came; a plain function would be taken for an endpoint that answers GET only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class _Endpoints:
    """The answers."""

    def __init__(self, views: Views, *, mcp: bool) -> None:
        self._views, self._mcp = views, mcp

    async def metrics(self, request: Request) -> Response:
        return await exposition.answer(request, self._views.metrics)

    async def healthy(self, _: Request) -> Response:
        return PlainTextResponse("mendwatch is alive\n")

    async def ready(self, _: Request) -> Response:
        reasons = self._reasons()
        warnings, targets = list(self._views.warnings()), readiness.standing(self._views.targets())
        body = {"ready": not reasons, "reasons": reasons, "warnings": warnings, "targets": targets}
        return JSONResponse(body, status_code=503 if reasons else 200)

    async def discovery(self, _: Request) -> Response:
        return JSONResponse(discovery.groups(self._views.targets()))

    async def landing(self, _: Request) -> Response:
        page = pages.landing(self._views.targets(), self._reasons(), self._views.warnings(), mcp=self._mcp)
        return HTMLResponse(page)

    def _reasons(self) -> list[str]:
        return [*self._views.faults(), *readiness.reasons(self._views.targets())]
