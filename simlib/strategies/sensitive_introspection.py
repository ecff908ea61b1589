"""Signed tokens that are introspected where a stale answer would be dear (S11 of data/evidence/strategies.csv)."""

from dataclasses import dataclass
from typing import ClassVar

from simlib.scenario.effects import Compute, Context, Failed, Flow, Verdict
from simlib.strategies import refusals
from simlib.strategies.base import Deployment, Presented, TokenFormat
from simlib.strategies.checks import positive
from simlib.strategies.introspection import basic, introspect, judge
from simlib.strategies.roles import Validator, Wrapper
from simlib.strategies.wrappers import Around, AroundValidator


@dataclass(frozen=True)
class SensitiveIntrospectionSettings:
    """``timeout_s``: how long one introspection may take; when there is no answer, the request is refused."""

    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        positive("timeout_s", self.timeout_s)


class SensitiveIntrospection(Wrapper):
    """Most requests are decided here; on sensitive routes a revocation holds at once, at the price of a call."""

    name: ClassVar[str] = "sensitive_introspection"
    summary: ClassVar[str] = "the AS is asked about the token as well, on sensitive routes only"
    formats: ClassVar[frozenset[TokenFormat]] = frozenset({"jwt", "encrypted", "paseto"})
    at_edge: ClassVar[bool] = False
    Settings: ClassVar[type[SensitiveIntrospectionSettings]] = SensitiveIntrospectionSettings

    @staticmethod
    def operations(settings: SensitiveIntrospectionSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return frozenset({"form.encode", "json.decode", "claims.check"})

    def __init__(self, settings: SensitiveIntrospectionSettings, deployment: Deployment) -> None:
        self._settings = settings
        self._deployment = deployment

    def around_validator(self, validator: Validator) -> Validator:
        """The validator, and on sensitive routes the authorization server too."""
        return _Asking(validator, self._settings, self._deployment)


class _Asking(AroundValidator):
    def __init__(self, inner: Validator, settings: SensitiveIntrospectionSettings, deployment: Deployment) -> None:
        super().__init__(inner)
        self.asks_authorization_server = True
        self._timeout_s = settings.timeout_s
        self._deployment = deployment
        self._authorization = basic(deployment.resource_server)

    def validate(self, ctx: Context, state: Around, presented: Presented) -> Flow[Verdict]:
        """Local checks first, so that what is worth nothing asks nobody; the bound is that of other routes."""
        verdict = yield from super().validate(ctx, state, presented)
        if not (verdict.accepted and presented.sensitive):
            return verdict
        asked = yield from introspect(ctx, self._authorization, presented.token, self._timeout_s)
        if isinstance(asked, Failed):
            return refusals.cannot_tell("introspection_" + asked.reason)
        yield Compute("claims.check")
        leeway = self.inner.bound().after_expiry_s
        told = judge(asked, ctx.now(), leeway, presented.scope, self._deployment)
        if not told.accepted:
            return told
        return verdict._replace(claims={**verdict.claims, **told.claims}, based_on=told.based_on)
