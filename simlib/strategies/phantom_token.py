"""Phantom token: the gateway exchanges an opaque token for a JWT (S12 of data/evidence/strategies.csv)."""

from typing import ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Context, Failed, Flow, Verdict
from simlib.strategies.introspection_client import Introspection, exchange_for_jwt
from simlib.strategies.opaque_cached import OpaqueCached, OpaqueCachedSettings
from simlib.tokens import JWT, TokenFormat


class PhantomToken(OpaqueCached):
    """Introspection answered by a JWT, which is forwarded in place of the client's token.

    The gateway judges issuer, audience, time and scope by the JWT's payload; the services verify its signature.
    """

    name: ClassVar[str] = "phantom_token"
    summary: ClassVar[str] = "opaque token outside, exchanged at the gateway for a JWT that services verify themselves"
    forwards: ClassVar[TokenFormat] = JWT
    asks_authorization_server: ClassVar[bool] = True
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("token", "userinfo")

    @staticmethod
    def list_requirements(settings: OpaqueCachedSettings) -> frozenset[str]:
        """List a signing authorization server, and the shared store if answers are kept there."""
        return OpaqueCached.list_requirements(settings) | {"signing"}

    def _request(self, ctx: Context, token: str) -> Flow[Introspection | Failed]:
        return exchange_for_jwt(ctx, self._authorization, token, self._settings.timeout_s)

    def _judge(self, now: float, result: Introspection, scope: str) -> Verdict:
        verdict = super()._judge(now, result, scope)
        return verdict._replace(forward=result.text) if verdict.accepted else verdict
