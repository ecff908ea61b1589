"""Lightweight JWT: only what RFC 9068 section 2.2 demands (S21 of data/evidence/strategies.csv).

The resource server's part of the lightweight JWT: verify here, ask about the user only where it is needed.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, NamedTuple

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Failed, Flow, Once, Verdict
from simlib.strategies.base import DeploymentConfig, PresentedToken
from simlib.strategies.introspection_cache import IntrospectionCache
from simlib.strategies.introspection_client import (
    IntrospectionResult,
    format_basic_authorization,
    introspect,
    judge_answer,
)
from simlib.strategies.jwks_client import KeyCache
from simlib.strategies.jwt_access_token import JwtAccessToken, JwtAccessTokenSettings
from simlib.strategies.jwt_local import JwtLocal, JwtLocalSettings
from simlib.strategies.settings_checks import check_at_least, check_positive
from simlib.strategies.verdicts import refuse_missing_token, refuse_unavailable
from simlib.tokens import from_numeric_date, store_key


class LightweightJwtIssuer(JwtAccessToken):
    """Small whatever is known about the user: such claims are asked for where they are needed."""

    name: ClassVar[str] = "lightweight_jwt"
    summary: ClassVar[str] = "signed JWT access token with the required claims only, never claims about the user"
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("introspection", "userinfo")

    @staticmethod
    def list_operations(settings: JwtAccessTokenSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile."""
        return JwtAccessToken.list_operations(settings, _without_user(deployment))

    def __init__(self, settings: JwtAccessTokenSettings, deployment: DeploymentConfig) -> None:
        super().__init__(settings, _without_user(deployment))


def _without_user(deployment: DeploymentConfig) -> DeploymentConfig:
    return replace(deployment, user_information="userinfo") if deployment.user_information == "token" else deployment


@dataclass(frozen=True)
class LightweightJwtValidatorSettings(JwtLocalSettings):
    """``ttl_s`` and ``capacity`` bound the cache of claims about users in each replica; the rest is of jwt_local."""

    ttl_s: float = 60.0
    capacity: int = 10_000

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("ttl_s", self.ttl_s)
        check_at_least("capacity", self.capacity, 1)


class LightweightState(NamedTuple):
    """Keys and answers of one replica."""

    keys: KeyCache
    answers: IntrospectionCache


class LightweightJwtValidator(JwtLocal):
    """Most requests ask nobody; one that needs user information introspects the JWT, unless that was done lately."""

    name: ClassVar[str] = "lightweight_jwt"
    summary: ClassVar[str] = "JWT verified by the RS, claims about the user asked for where a request needs them"
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("introspection", "userinfo")
    caches_answers: ClassVar[bool] = True
    asks_authorization_server: ClassVar[bool] = False
    Settings: ClassVar[type[Any]] = LightweightJwtValidatorSettings

    @staticmethod
    def list_operations(settings: LightweightJwtValidatorSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile."""
        local = JwtLocal.list_operations(settings, deployment)
        asks = deployment.user_information == "introspection"
        return local | ({"token.hash", "cache.lookup", "form.encode", "json.decode"} if asks else set())

    def __init__(self, settings: LightweightJwtValidatorSettings, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._chosen = settings
        self._authorization = format_basic_authorization(deployment.resource_server)

    def create_state(self) -> Any:
        """No keys and no answers yet."""
        return LightweightState(KeyCache(), IntrospectionCache(self._chosen.capacity))

    def validate(self, ctx: Context, state: Any, presented: PresentedToken) -> Flow[Verdict]:
        """Verify; then, where it is needed, ask about the user, which also tells whether the token was revoked."""
        if not presented.token:
            return refuse_missing_token()
        verdict = yield from self._verify(ctx, state.keys, presented.token, presented.scope)
        wanted = presented.needs_user_information and self._deployment.user_information == "introspection"
        if not (verdict.accepted and wanted):
            return verdict
        known = yield from self._about_user(ctx, state.answers, presented.token)
        if isinstance(known, Failed):
            return refuse_unavailable("introspection_" + known.reason)
        yield Compute("claims.check")
        told = judge_answer(known, ctx.now(), self._settings.leeway_s, presented.scope, self._deployment)
        return told._replace(claims={**told.claims, **verdict.claims}) if told.accepted else told

    def _about_user(self, ctx: Context, answers: IntrospectionCache, token: str) -> Flow[IntrospectionResult | Failed]:
        key = yield Compute("token.hash", partial(store_key, token))
        yield Compute("cache.lookup")
        known = answers.get(key, ctx.now())
        if known is None:
            known = yield Once(("introspect", key), partial(self._ask, ctx, answers, key, token))
        return known

    def _ask(
        self, ctx: Context, answers: IntrospectionCache, key: str, token: str
    ) -> Flow[IntrospectionResult | Failed]:
        asked = yield from introspect(ctx, self._authorization, token, self._settings.timeout_s)
        expiry = asked.answer.get("exp") if isinstance(asked, IntrospectionResult) else None
        if (
            isinstance(asked, IntrospectionResult)
            and asked.answer.get("active") is True
            and isinstance(expiry, int | float)
        ):
            until = min(asked.asked_at + self._chosen.ttl_s, from_numeric_date(expiry))
            if until > ctx.now():
                answers.put(key, asked, until)
        return asked
