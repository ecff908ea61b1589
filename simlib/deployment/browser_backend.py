"""Backend for a browser app (BFF) in a run: real flows inside, and the design's presenter towards the API."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from simlib.deployment.clients import CLIENT_IDS, REDIRECTS, derive_secret
from simlib.deployment.parts import Parts
from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind
from simlib.flows import Backend, Client, GrantResult, RefreshToken, SessionOpener
from simlib.scenario.effects import Answer, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.scenario.variates import Variates
from simlib.scenario.world import World
from simlib.strategies import UserClient

TIMEOUT_S = 30.0


LONGEST_SESSION_QUANTILE = 1.0 - 1e-9
"""As good as no session is longer than the quantile at this probability."""


def bind_backend(first: Backend, world: World, parts: Parts, variates: Variates) -> Bind:
    """The backend of a region: the ``first`` one with the sessions from before the run, after a restart one without."""
    present = [first]

    def bind(ctx: HostContext) -> Handler:
        handler = present.pop() if present else build_backend(world, parts, variates)
        return lambda request: handler(ctx, request)

    return bind


def build_backend(world: World, parts: Parts, variates: Variates) -> Backend:
    """A backend without sessions."""
    scope = parts.config.scope
    client = Client(
        client_id=CLIENT_IDS["spa_bff"],
        secret=derive_secret(CLIENT_IDS["spa_bff"], variates),
        issuer=parts.config.issuer,
        redirect_uri=REDIRECTS["spa_bff"],
        scope=f"openid {scope}" if parts.needs("id_token") else scope,
    )
    # Browsers end their sessions themselves, each when its own is over: this is only the end of the longest.
    sessions = next(kind.session for kind in world.clients if kind.kind == "spa_bff")
    session_s = float(sessions.invert(np.array([LONGEST_SESSION_QUANTILE]))[0])
    return Backend(client, session_s, _build_begin(client, parts), _build_forward(parts), TIMEOUT_S)


def _build_begin(client: Client, parts: Parts) -> SessionOpener:
    numbers = iter(range(10**9, 10**12))

    def refresh(ctx: Context, refresh_token: str) -> Flow[GrantResult]:
        flow = RefreshToken(RefreshToken.Settings(), replace(client, refresh_token=refresh_token))
        return (yield from flow.obtain(ctx))

    def begin(ctx: Context, redeeming: Flow[GrantResult]) -> Flow[tuple[GrantResult, UserClient]]:
        state = UserClient(next(numbers), "", None, refresh=refresh, client_id=client.client_id)
        # By the presenter, so that what binds tokens to the client binds the first ones too.
        obtained = yield from parts.presenter.wrap_flow(ctx, state, redeeming)
        if isinstance(obtained, TokenResponse):
            state.sign_in = partial(_take_once, [obtained])
        return obtained, state

    return begin


def _take_once(left: list[TokenResponse], ctx: Context) -> Flow[GrantResult]:
    """The tokens that the browser's sign-in brought, once; after that only the browser can sign in again."""
    yield from ()
    return left.pop() if left else Reply(401)


def _build_forward(parts: Parts) -> Callable[[Context, Any, HttpRequest], Flow[Answer]]:
    def forward(ctx: Context, state: UserClient, request: HttpRequest) -> Flow[Answer]:
        answer: Answer = yield from parts.presenter.request(ctx, state, request)
        return answer

    return forward
