"""A victim: a denylist of token texts, of which one token may have several (CVE-2015-7546).

A victim: looks at DPoP proofs and forgets them at once (RFC 9449 section 11.1).
"""

from typing import Any, ClassVar

from simlib.scenario.effects import Call, Context, Failed, Flow, Verdict
from simlib.scenario.messages import SharedGet, SharedPut
from simlib.strategies.base import DeploymentConfig, PresentedToken, TokenFormat
from simlib.strategies.denylist_shared import DenylistSharedSettings
from simlib.strategies.dpop import Dpop
from simlib.strategies.protocols import Issuer, Validator, Wrapper
from simlib.strategies.verdicts import refuse_invalid_token, refuse_unavailable
from simlib.strategies.wrappers import IssuerWrapper, ValidatorWrapper, WrapperState
from simlib.tokens import store_key


class DenylistByBytes(Wrapper):
    """Finds a revoked token again only when it is spelt as it was."""

    name: ClassVar[str] = "denylist_by_bytes"
    summary: ClassVar[str] = "victim: revoked tokens listed in a shared store by the hash of their text"
    refused: ClassVar[str] = "an altered copy of a revoked token would be accepted (CVE-2015-7546); use denylist_shared"
    instead: ClassVar[str] = "denylist_shared"
    formats: ClassVar[frozenset[TokenFormat]] = frozenset({"jwt"})
    at_edge: ClassVar[bool] = False
    Settings: ClassVar[type[Any]] = DenylistSharedSettings

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """Nothing but the store's own work."""
        return frozenset()

    @staticmethod
    def list_requirements(settings: Any) -> frozenset[str]:
        """The store."""
        return frozenset({"shared_store"})

    def __init__(self, settings: DenylistSharedSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._lifetime_s = deployment.token_lifetime_s

    def wrap_issuer(self, issuer: Issuer) -> Issuer:
        """Revocations go to the store."""
        return _Listing(issuer, self._settings, self._lifetime_s)

    def wrap_validator(self, validator: Validator) -> Validator:
        """The store is asked about each token that is good otherwise."""
        return _Asking(validator, self._settings)


class _Listing(IssuerWrapper):
    def __init__(self, inner: Issuer, settings: DenylistSharedSettings, lifetime_s: float) -> None:
        super().__init__(inner)
        self._settings = settings
        self._lifetime_s = lifetime_s

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """List its text."""
        known = yield from self.inner.revoke(ctx, token)
        if known:
            until = ctx.now() + self._lifetime_s + self._settings.leeway_s
            yield Call("shared", SharedPut(_key(token), b"1", until), self._settings.timeout_s)
        return known


class _Asking(ValidatorWrapper):
    def __init__(self, inner: Validator, settings: DenylistSharedSettings) -> None:
        super().__init__(inner)
        self._settings = settings

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """All other checks first, then the question."""
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        answer: Any = yield Call("shared", SharedGet(_key(presented.token)), self._settings.timeout_s)
        if isinstance(answer, Failed):
            return refuse_unavailable("denylist_" + answer.reason)
        return verdict if answer is None else refuse_invalid_token("denied", verdict.based_on)


def _key(token: str) -> str:
    return f"denied-text:{store_key(token)}"


class ForgetfulDpop(Dpop):
    """Takes the same proof as often as it comes, as long as it is young enough."""

    name: ClassVar[str] = "forgetful_dpop"
    summary: ClassVar[str] = "victim: token bound to a key of the client, but a proof is good for many requests"
    refused: ClassVar[str] = "whoever has seen a request could repeat it (RFC 9449 section 11.1); use dpop"

    instead: ClassVar[str] = "dpop"

    def wrap_validator(self, validator: Validator) -> Validator:
        """Each request is the first one."""
        return _Forgetting(super().wrap_validator(validator))


class _Forgetting(ValidatorWrapper):
    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """With a memory in which no proof is."""
        known: WrapperState = state.inner
        nothing: WrapperState = self.inner.create_state()
        return (yield from self.inner.validate(ctx, WrapperState(nothing.own, known.inner), presented))
