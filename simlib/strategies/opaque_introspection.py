"""Opaque tokens, introspected at every request (RFC 7662; S1 of data/evidence/strategies.csv)."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Compute, Context, Failed, Flow, Once, Verdict
from simlib.strategies.base import (
    Bound,
    DeploymentConfig,
    PresentedToken,
    RequestDemand,
    ServerDependencies,
    ServerDependency,
    check_numbers,
)
from simlib.strategies.introspection_client import (
    Introspection,
    compute_expiry_bound,
    find_own_leeway,
    format_basic_authorization,
    introspect,
    judge_answer,
)
from simlib.strategies.verdicts import CLAIMS_CHECK, refuse_missing_token, refuse_unavailable
from simlib.tokens import OPAQUE, TokenFormat, make_store_key


@dataclass(frozen=True)
class OpaqueIntrospectionSettings:
    """``timeout_s``: how long one introspection may take. ``single_flight``: requests with the same token at the same
    time share one introspection. ``own_clock``: the part compares ``exp`` and ``nbf`` of an answer with its own clock
    as well, with ``leeway_s`` for clock skew; without it ``active`` decides, by the clock of the AS (RFC 7662 section
    2.2), and ``leeway_s`` has no effect.
    """

    timeout_s: float = 10.0
    leeway_s: float = 0.0
    single_flight: bool = False
    own_clock: bool = False

    def __post_init__(self) -> None:
        check_numbers(self, positive=("timeout_s",), leeway_s=0)


class OpaqueIntrospection:
    """Every request is introspected; a revocation holds at once, an outage of the AS is an outage."""

    name: ClassVar[str] = "opaque_introspection"
    summary: ClassVar[str] = "opaque token, introspected at the AS at every request"
    token_format: ClassVar[TokenFormat | None] = OPAQUE
    user_information_sources: ClassVar[tuple[UserInformationSource, ...]] = ("introspection", "userinfo")
    caches_answers: ClassVar[bool] = False
    asks_authorization_server: ClassVar[bool] = True
    Settings: ClassVar[type[OpaqueIntrospectionSettings]] = OpaqueIntrospectionSettings

    @staticmethod
    def list_operations(settings: OpaqueIntrospectionSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        sharing = {"token.hash"} if settings.single_flight else set()
        return frozenset({"form.encode", "json.decode", "claims.check"} | sharing)

    def __init__(self, settings: OpaqueIntrospectionSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self._authorization = format_basic_authorization(deployment.resource_server)

    def compute_bound(self) -> Bound:
        """Compute the bound: nothing is cached, so only an answer that is still in transit can be out of date."""
        settings = self._settings
        expiry_s = compute_expiry_bound(settings)
        return Bound(expiry_s, min(settings.timeout_s, self._deployment.token_lifetime_s + expiry_s))

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List introspection at every request."""
        return (ServerDependency(0.0, demand.longest_gap_s),)

    def create_state(self) -> None:
        """Create no state."""

    def validate(self, ctx: Context, state: None, presented: PresentedToken) -> Flow[Verdict]:
        """Introspect, then judge the answer."""
        if not presented.token:
            return refuse_missing_token()
        result = yield from self._introspect(ctx, presented.token)
        if isinstance(result, Failed):
            return refuse_unavailable("introspection_" + result.reason)
        yield CLAIMS_CHECK
        own_leeway = find_own_leeway(self._settings)
        return judge_answer(result, ctx.now(), presented.scope, self._deployment, own_leeway=own_leeway)

    def _introspect(self, ctx: Context, token: str) -> Flow[Introspection | Failed]:
        authorization, timeout_s = self._authorization, self._settings.timeout_s
        if not self._settings.single_flight:
            return (yield from introspect(ctx, authorization, token, timeout_s))
        key = yield Compute("token.hash", partial(make_store_key, token))
        request = partial(introspect, ctx, authorization, token, timeout_s)
        shared: Introspection | Failed = yield Once(("introspect", key), request)
        return shared
