"""Sensitive routes: signed tokens are introspected as well, where a stale answer would be costly (S11 of
data/evidence/strategies.csv)."""

from dataclasses import dataclass
from typing import ClassVar

from simlib.scenario.effects import Compute, Context, Failed, Flow, Verdict
from simlib.strategies.base import (
    CALLED_FOR_NEW_TOKENS,
    DeploymentConfig,
    PresentedToken,
    RequestDemand,
    ServerDependencies,
    check_numbers,
)
from simlib.strategies.introspection_client import format_basic_authorization, introspect, judge_answer
from simlib.strategies.protocols import Validator, Wrapper, list_server_dependencies
from simlib.strategies.verdicts import has_ended, refuse_invalid_token, refuse_unavailable
from simlib.strategies.wrappers import ValidatorWrapper, WrapperState
from simlib.tokens import SIGNED_FORMATS, TokenFormat


@dataclass(frozen=True)
class SensitiveIntrospectionSettings:
    """``timeout_s``: how long one introspection may take; when there is no answer, the request is refused."""

    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        check_numbers(self, positive=("timeout_s",))


class SensitiveIntrospection(Wrapper):
    """Most requests are decided locally; on sensitive routes a revocation holds at once, at the price of a call."""

    name: ClassVar[str] = "sensitive_introspection"
    summary: ClassVar[str] = "the token is introspected as well, on sensitive routes only"
    formats: ClassVar[frozenset[TokenFormat]] = SIGNED_FORMATS
    at_edge: ClassVar[bool] = False
    Settings: ClassVar[type[SensitiveIntrospectionSettings]] = SensitiveIntrospectionSettings

    @staticmethod
    def list_operations(settings: SensitiveIntrospectionSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"form.encode", "json.decode", "claims.check"})

    def __init__(self, settings: SensitiveIntrospectionSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator: on sensitive routes it introspects too."""
        return _IntrospectingValidator(validator, self._settings, self._deployment)


class _IntrospectingValidator(ValidatorWrapper):
    def __init__(
        self, inner: Validator, settings: SensitiveIntrospectionSettings, deployment: DeploymentConfig
    ) -> None:
        super().__init__(inner)
        self.asks_authorization_server = True
        self._timeout_s = settings.timeout_s
        self._deployment = deployment
        self._authorization = format_basic_authorization(deployment.resource_server)

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List introspection where there are sensitive routes, beside what the validator inside needs."""
        inner = list_server_dependencies(self.inner, demand)
        return (*inner, CALLED_FOR_NEW_TOKENS) if demand.sensitive_share > 0 else inner

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Make local checks first, so that invalid tokens cost no call; the bound is that of other routes."""
        verdict = yield from super().validate(ctx, state, presented)
        if not (verdict.accepted and presented.sensitive):
            return verdict
        result = yield from introspect(ctx, self._authorization, presented.token, self._timeout_s)
        if isinstance(result, Failed):
            return refuse_unavailable("introspection_" + result.reason)
        yield Compute("claims.check")
        answer_verdict = judge_answer(result, ctx.now(), presented.scope, self._deployment)
        if not answer_verdict.accepted:
            return answer_verdict
        if has_ended(verdict, ctx.now(), self.inner.compute_bound().after_expiry_s):
            return refuse_invalid_token("expired", answer_verdict.based_on)
        return verdict._replace(claims={**verdict.claims, **answer_verdict.claims}, based_on=answer_verdict.based_on)
