"""Vulnerable wrappers: a denylist and a DPoP check that each leave out one part of a secure one."""

from typing import Any, ClassVar

from simlib.scenario.effects import Call, Context, Failed, Flow, Verdict
from simlib.scenario.messages import SharedGet, SharedPut
from simlib.strategies.base import DeploymentConfig, PresentedToken
from simlib.strategies.denylist_shared import DenylistSharedSettings
from simlib.strategies.dpop import Dpop
from simlib.strategies.protocols import Issuer, Validator, Wrapper
from simlib.strategies.verdicts import refuse_invalid_token, refuse_unavailable
from simlib.strategies.wrappers import IssuerWrapper, ValidatorWrapper, WrapperState
from simlib.tokens import JWT, TokenFormat, make_store_key


class DenylistByBytes(Wrapper):
    """Denylist of token texts, of which one token may have several (CVE-2015-7546)."""

    name: ClassVar[str] = "denylist_by_bytes"
    summary: ClassVar[str] = "vulnerable: revoked tokens listed in a shared store by the hash of their text"
    refused: ClassVar[str] = "an altered copy of a revoked token would be accepted (CVE-2015-7546); use denylist_shared"
    instead: ClassVar[str] = "denylist_shared"
    formats: ClassVar[frozenset[TokenFormat]] = frozenset({JWT})
    at_edge: ClassVar[bool] = False
    Settings: ClassVar[type[Any]] = DenylistSharedSettings

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List none: the store charges its own work."""
        return frozenset()

    @staticmethod
    def list_requirements(settings: Any) -> frozenset[str]:
        """List the shared store."""
        return frozenset({"shared_store"})

    def __init__(self, settings: DenylistSharedSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._lifetime_s = deployment.token_lifetime_s

    def wrap_issuer(self, issuer: Issuer) -> Issuer:
        """Wrap the issuer: it writes revocations into the store."""
        return _ListingIssuer(issuer, self._settings, self._lifetime_s)

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator: it looks up in the store each token that passes all other checks."""
        return _LookingUpValidator(validator, self._settings)


class _ListingIssuer(IssuerWrapper):
    def __init__(self, inner: Issuer, settings: DenylistSharedSettings, lifetime_s: float) -> None:
        super().__init__(inner)
        self._settings = settings
        self._lifetime_s = lifetime_s

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Revoke, and list the text of the token."""
        was_found = yield from self.inner.revoke(ctx, token)
        if was_found:
            kept_s = self._lifetime_s + self._settings.leeway_s
            yield Call("shared", SharedPut(_format_key(token), b"1", kept_s), self._settings.timeout_s)
        return was_found


class _LookingUpValidator(ValidatorWrapper):
    def __init__(self, inner: Validator, settings: DenylistSharedSettings) -> None:
        super().__init__(inner)
        self._settings = settings

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Make all other checks first, then look the token up."""
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        answer: Any = yield Call("shared", SharedGet(_format_key(presented.token)), self._settings.timeout_s)
        if isinstance(answer, Failed):
            return refuse_unavailable("denylist_" + answer.reason)
        return verdict if answer is None else refuse_invalid_token("denied", verdict.based_on)


def _format_key(token: str) -> str:
    return f"denied-text:{make_store_key(token)}"


class ForgetfulDpop(Dpop):
    """Accepts the same proof repeatedly while it is in time (RFC 9449 section 11.1)."""

    name: ClassVar[str] = "forgetful_dpop"
    summary: ClassVar[str] = "vulnerable: token bound to a key of the client, but a proof is valid for many requests"
    refused: ClassVar[str] = "an observed request could be repeated (RFC 9449 section 11.1); use dpop"

    instead: ClassVar[str] = "dpop"

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator: each request counts as the first."""
        return _ForgetfulValidator(super().wrap_validator(validator))


class _ForgetfulValidator(ValidatorWrapper):
    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Validate with an empty replay cache."""
        inner: WrapperState = state.inner
        empty: WrapperState = self.inner.create_state()
        return (yield from self.inner.validate(ctx, WrapperState(empty.own, inner.inner), presented))
