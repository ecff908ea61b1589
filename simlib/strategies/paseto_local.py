"""PASETO access tokens, version 4 public: verified by the resource server with the keys of the AS."""

from dataclasses import dataclass
from typing import ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Flow
from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.strategies.base import Bound, Deployment, Presented, TokenFormat
from simlib.strategies.checks import at_least, check_paseto, positive
from simlib.strategies.judging import judge_claims
from simlib.strategies.jwks_client import JwksClient, KeyCache
from simlib.strategies.jwks_settings import JwksSettings
from simlib.tokens import PasetoVerification, paseto_kid


@dataclass(frozen=True)
class PasetoLocalSettings(JwksSettings):
    """``timeout_s`` bounds one fetch of the key set, ``leeway_s`` is clock skew granted at expiry. The others say how
    the key set is looked after, see `simlib.strategies.jwks_settings.JwksSettings`. Needs the package pyseto.
    """

    timeout_s: float = 5.0
    leeway_s: float = 0.0

    def __post_init__(self) -> None:
        check_paseto()
        super().__post_init__()
        positive("timeout_s", self.timeout_s)
        at_least("leeway_s", self.leeway_s, 0)


class PasetoLocal:
    """Checks signature, issuer, audience, time and scope; there is no algorithm to be confused about."""

    name: ClassVar[str] = "paseto"
    summary: ClassVar[str] = "PASETO v4.public access token, verified by the RS with the keys of the AS"
    token_format: ClassVar[TokenFormat | None] = "paseto"
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("token", "userinfo")
    caches_answers: ClassVar[bool] = False
    asks_authorization_server: ClassVar[bool] = False
    Settings: ClassVar[type[PasetoLocalSettings]] = PasetoLocalSettings

    @staticmethod
    def operations(settings: PasetoLocalSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset({"paseto.verify", "claims.check", "jwks.serve", "jwks.parse"})

    def __init__(self, settings: PasetoLocalSettings, deployment: Deployment) -> None:
        self._settings = settings
        self._deployment = deployment
        self._keys = JwksClient(settings, settings.timeout_s)

    def bound(self) -> Bound:
        """A revocation is never noticed: the token lives out its life."""
        leeway = self._settings.leeway_s
        return Bound(leeway, self._deployment.token_lifetime_s + leeway)

    def initial_state(self) -> KeyCache:
        """No keys yet."""
        return KeyCache()

    def validate(self, ctx: Context, state: KeyCache, presented: Presented) -> Flow[Verdict]:
        """Find the key that the footer names, verify the bytes, judge the claims."""
        token = presented.token
        if not token:
            return refusals.no_token()
        if not (yield from self._keys.ready(ctx, state)):
            return refusals.cannot_tell("no_keys")
        key = yield from self._keys.find(ctx, state, paseto_kid(token))
        if key is None:
            return refusals.invalid_token("unknown_key")
        verification = PasetoVerification(token, key, self._deployment.issuer, self._deployment.audience)
        verified = yield Compute("paseto.verify", verification)
        if verified.claims is None:
            return refusals.invalid_token(verified.reason)
        yield Compute("claims.check")
        return judge_claims(verified.claims, ctx.now(), self._settings.leeway_s, presented.scope)
