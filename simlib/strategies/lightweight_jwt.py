"""Lightweight JWT: only the claims that RFC 9068 section 2.2 requires (S21 of data/evidence/strategies.csv).

The resource server verifies it locally, and introspects it only where claims about the user are needed."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, NamedTuple

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Failed, Flow, Once, Verdict
from simlib.strategies.base import (
    CALLED_FOR_NEW_TOKENS,
    DeploymentConfig,
    PresentedToken,
    RequestDemand,
    ServerDependencies,
    check_numbers,
)
from simlib.strategies.caches import AnswerCache, compute_cache_end
from simlib.strategies.introspection_client import Introspection, format_basic_authorization, introspect, judge_answer
from simlib.strategies.jwks_client import KeyCache
from simlib.strategies.jwt_access_token import JwtAccessToken, JwtAccessTokenSettings
from simlib.strategies.jwt_local import JwtLocal, JwtLocalSettings
from simlib.strategies.verdicts import combine_verdicts, refuse_missing_token, refuse_unavailable
from simlib.tokens import make_store_key


class LightweightJwtIssuer(JwtAccessToken):
    """Never carries claims about the user: they are requested where they are needed."""

    name: ClassVar[str] = "lightweight_jwt"
    summary: ClassVar[str] = "signed JWT access token with the required claims only, never claims about the user"
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("introspection", "userinfo")

    @staticmethod
    def list_operations(settings: JwtAccessTokenSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
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
        check_numbers(self, positive=("ttl_s",), capacity=1)


class LightweightState(NamedTuple):
    """Key cache and introspection cache of one replica."""

    keys: KeyCache
    answers: AnswerCache


class LightweightJwtValidator(JwtLocal):
    """Most requests make no call; one that needs user information introspects the JWT, unless the answer is cached."""

    name: ClassVar[str] = "lightweight_jwt"
    summary: ClassVar[str] = "JWT verified by the RS, claims about the user introspected where a request needs them"
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("introspection", "userinfo")
    caches_answers: ClassVar[bool] = True
    asks_authorization_server: ClassVar[bool] = False
    Settings: ClassVar[type[Any]] = LightweightJwtValidatorSettings

    @staticmethod
    def list_operations(settings: LightweightJwtValidatorSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        local = JwtLocal.list_operations(settings, deployment)
        introspects = deployment.user_information == "introspection"
        return local | ({"token.hash", "cache.lookup", "form.encode", "json.decode"} if introspects else set())

    def __init__(self, settings: LightweightJwtValidatorSettings, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._cache_settings = settings
        self._authorization = format_basic_authorization(deployment.resource_server)

    @property
    def capacity(self) -> int:
        """Number of tokens for which a replica has room."""
        return self._cache_settings.capacity

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List the key set, and introspection where requests need claims about the user."""
        needed = super().list_server_dependencies(demand)
        introspects = demand.user_information_share > 0 and self._deployment.user_information == "introspection"
        return (*needed, CALLED_FOR_NEW_TOKENS) if introspects else needed

    def create_state(self) -> Any:
        """Create empty caches."""
        return LightweightState(KeyCache(), AnswerCache(self._cache_settings.capacity))

    def validate(self, ctx: Context, state: Any, presented: PresentedToken) -> Flow[Verdict]:
        """Verify; then, where user information is needed, introspect, which also shows a revocation."""
        if not presented.token:
            return refuse_missing_token()
        verdict = yield from self._verify(ctx, state.keys, presented.token, presented.scope)
        needs_user = presented.needs_user_information and self._deployment.user_information == "introspection"
        if not (verdict.accepted and needs_user):
            return verdict
        result = yield from self._find_user_information(ctx, state.answers, presented.token)
        if isinstance(result, Failed):
            return refuse_unavailable("introspection_" + result.reason)
        yield Compute("claims.check")
        judgement = judge_answer(result, ctx.now(), presented.scope, self._deployment)
        return judgement if not judgement.accepted else combine_verdicts(verdict, judgement, ctx.now())

    def _find_user_information(self, ctx: Context, answers: AnswerCache, token: str) -> Flow[Introspection | Failed]:
        key = yield Compute("token.hash", partial(make_store_key, token))
        yield Compute("cache.lookup")
        result = answers.get(key, ctx.now())
        if result is None:
            result = yield Once(("introspect", key), partial(self._introspect, ctx, answers, key, token))
        return result

    def _introspect(self, ctx: Context, answers: AnswerCache, key: str, token: str) -> Flow[Introspection | Failed]:
        result = yield from introspect(ctx, self._authorization, token, self._settings.timeout_s)
        if isinstance(result, Introspection):
            until = compute_cache_end(result, self._cache_settings.ttl_s)
            if until > ctx.now():
                answers.put(key, result, until)
        return result
