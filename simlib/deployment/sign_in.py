"""Sign-ins of users' clients by the flows of a design, and the length of their sessions."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simlib.deployment.clients import Application, build_application, derive_password, name_subject
from simlib.deployment.demand import Demand
from simlib.deployment.instrumentation import record_sign_in
from simlib.deployment.parts import PARTS, Parts
from simlib.flows import Client, GrantResult, RefreshToken
from simlib.scenario.distributions import Distribution
from simlib.scenario.effects import Context, Flow
from simlib.scenario.hosts import BACKEND
from simlib.scenario.messages import TokenResponse
from simlib.scenario.variates import Variates
from simlib.scenario.world import ClientType, World
from simlib.strategies import UserClient

QUANTILES = 4_096
"""Number of lengths that stand for a distribution of lengths."""


class SignIns:
    """The sessions of a world with types of clients. All that is drawn belongs to the user, whatever the design."""

    def __init__(self, world: World, parts: Parts, demand: Demand, variates: Variates) -> None:
        self._world = world
        self._parts = parts
        self._kinds = demand.kinds
        self._variates = variates
        self._begun: dict[int, int] = {}
        self._quantiles: dict[Distribution, NDArray[np.float64]] = {}

    def build_client(self, user: int) -> UserClient:
        """A user's client before it has signed in."""
        client_id = self.find_application(user).client_id
        refresh = partial(self._refresh, user)
        client = UserClient(user, "", None, session_until=0.0, refresh=refresh, client_id=client_id)
        client.sign_in = partial(self._sign_in, client)
        if self._find_type(user).kind == "spa_bff":
            client.target = BACKEND
        return client

    def find_application(self, user: int) -> Application:
        """The registered client that a user's client is one of."""
        return build_application(self._find_type(user).kind, user, self._variates)

    def has_refresh_tokens(self, user: int) -> bool:
        """Whether the client's flow gives it refresh tokens."""
        return "refresh_token" in PARTS["flows"][self._find_flow(user)].token_kinds

    def draw_initial_session(self, user: int, idle: float) -> tuple[float, float]:
        """Length in seconds of the session that a user may have when the run begins, and the position in it.

        ``idle``: mean seconds between two requests. Both are 0 when there is no session. Long sessions are met more
        often than they begin, in proportion to their length.
        """
        lengths = self._compute_lengths(self._find_type(user).session)
        mean = float(lengths.mean())
        if self._variates.draw_one("session.there", user, 0) * (mean + idle) >= mean:
            return 0.0, 0.0
        upto = np.cumsum(lengths)
        found = np.searchsorted(upto, self._variates.draw_one("session.length", user, 0) * upto[-1], side="right")
        length = float(lengths[min(int(found), len(lengths) - 1)])
        return length, self._variates.draw_one("session.position", user, 0) * length

    def _compute_lengths(self, law: Distribution) -> NDArray[np.float64]:
        """Quantiles of the lengths at evenly spaced probabilities."""
        if law not in self._quantiles:
            self._quantiles[law] = law.invert((np.arange(QUANTILES) + 0.5) / QUANTILES)
        return self._quantiles[law]

    def _find_type(self, user: int) -> ClientType:
        assert self._kinds is not None
        found: ClientType = self._world.clients[self._kinds[user]]
        return found

    def _find_flow(self, user: int) -> str:
        return self._parts.design.flows[self._find_type(user).kind]

    def _draw(self, law: Distribution, purpose: str, user: int, ordinal: int) -> float:
        return float(law.invert(np.array([self._variates.draw_one(purpose, user, ordinal)]))[0])

    def _sign_in(self, client: UserClient, ctx: Context) -> Flow[GrantResult]:
        user = client.user
        ordinal = self._begun[user] = self._begun.get(user, 0) + 1
        flow = PARTS["flows"][self._find_flow(user)]
        obtaining = flow(flow.Settings(), self.build_flow_client(user, ordinal)).obtain(ctx)
        # Without a user there is no sign-in: a machine's tokens are part of its work.
        signs_in = "id_token" in flow.token_kinds
        obtained: GrantResult = yield from (record_sign_in(obtaining) if signs_in else obtaining)
        if isinstance(obtained, TokenResponse):
            client.session_until = ctx.now() + self._draw(
                self._find_type(user).session, "session.length", user, ordinal
            )
        return obtained

    def _refresh(self, user: int, ctx: Context, refresh_token: str) -> Flow[GrantResult]:
        # Without a scope: that of the session, which is not the same for those from before the run.
        flow = RefreshToken(RefreshToken.Settings(), replace(self.build_flow_client(user, 0, refresh_token), scope=""))
        return (yield from flow.obtain(ctx))

    def build_flow_client(self, user: int, ordinal: int, refresh_token: str = "") -> Client:
        """Client of the flow of a user, with its credentials and settings."""
        app, kind = self.find_application(user), self._find_type(user)
        subject = name_subject(user)
        scope = self._parts.config.scope
        approval = kind.approval
        return Client(
            client_id=app.client_id,
            secret=app.secret,
            issuer=self._parts.config.issuer,
            redirect_uri=app.redirect_uri,
            scope=f"openid {scope}" if self._parts.needs("id_token") else scope,
            subject=subject,
            password=derive_password(subject, self._variates),
            approval_s=0.0 if approval is None else self._draw(approval, "user.approval", user, ordinal),
            refresh_token=refresh_token,
        )


def build_sign_ins(world: World, parts: Parts, demand: Demand, variates: Variates) -> SignIns | None:
    """The sessions; None in a world where none begins or ends."""
    return SignIns(world, parts, demand, variates) if world.clients else None
