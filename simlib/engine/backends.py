"""The backends of single-page apps in a run: real flows inside, and the design's presenter towards the API."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from simlib.engine.clients import CLIENT_IDS, REDIRECTS, secret_of
from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind
from simlib.engine.parts import Parts
from simlib.flows import Backend, Begin, Client, Obtained, RefreshToken
from simlib.scenario.effects import Answer, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.scenario.variates import Variates
from simlib.scenario.world import World
from simlib.strategies import UserClient

TIMEOUT_S = 30.0
LONGEST = 1.0 - 1e-9
"""As good as no session is longer than the quantile at this probability."""


def backend(world: World, parts: Parts, variates: Variates) -> Bind:
    """The backend of a region; each replica has sessions of its own."""
    scope = parts.deployment.scope
    client = Client(
        client_id=CLIENT_IDS["spa_bff"],
        secret=secret_of(CLIENT_IDS["spa_bff"], variates),
        issuer=parts.deployment.issuer,
        redirect_uri=REDIRECTS["spa_bff"],
        scope=f"openid {scope}" if parts.needs("id_token") else scope,
    )
    # Browsers end their sessions themselves, each when its own is over: this is only the end of the longest.
    sessions = next(kind.session for kind in world.clients if kind.kind == "spa_bff")
    session_s = float(sessions.seconds(np.array([LONGEST]))[0])

    def bind(ctx: HostContext) -> Handler:
        handler = Backend(client, session_s, _beginner(client, parts), _forwarder(parts), TIMEOUT_S)
        return lambda request: handler(ctx, request)

    return bind


def _beginner(client: Client, parts: Parts) -> Begin:
    numbers = iter(range(10**9, 10**12))

    def refresh(ctx: Context, refresh_token: str) -> Flow[Obtained]:
        flow = RefreshToken(RefreshToken.Settings(), replace(client, refresh_token=refresh_token))
        return (yield from flow.obtain(ctx))

    def begin(ctx: Context, redeeming: Flow[Obtained]) -> Flow[tuple[Obtained, UserClient]]:
        state = UserClient(next(numbers), "", None, refresh=refresh, client_id=client.client_id)
        # By the presenter, so that what binds tokens to the client binds the first ones too.
        obtained = yield from parts.presenter.on_behalf(ctx, state, redeeming)
        if isinstance(obtained, TokenResponse):
            state.sign_in = partial(_take, [obtained])
        return obtained, state

    return begin


def _take(left: list[TokenResponse], ctx: Context) -> Flow[Obtained]:
    """The tokens that the browser's sign-in brought, once; after that only the browser can sign in again."""
    yield from ()
    return left.pop() if left else Reply(401)


def _forwarder(parts: Parts) -> Callable[[Context, Any, HttpRequest], Flow[Answer]]:
    def forward(ctx: Context, state: UserClient, request: HttpRequest) -> Flow[Answer]:
        answer: Answer = yield from parts.presenter.request(ctx, state, request)
        return answer

    return forward
