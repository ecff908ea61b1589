"""A victim: a denylist of token texts, of which one token may have several (CVE-2015-7546).

A victim: looks at DPoP proofs and forgets them at once (RFC 9449 section 11.1).
"""

from typing import Any, ClassVar

from simlib.scenario.effects import Call, Context, Failed, Flow, Verdict
from simlib.scenario.messages import SharedGet, SharedPut
from simlib.strategies import refusals
from simlib.strategies.base import Deployment, Presented, TokenFormat
from simlib.strategies.denylist_shared import DenylistSharedSettings
from simlib.strategies.dpop import Dpop
from simlib.strategies.roles import Issuer, Validator, Wrapper
from simlib.strategies.wrappers import Around, AroundIssuer, AroundValidator
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
    def operations(settings: Any, deployment: Deployment) -> frozenset[str]:
        """Nothing but the store's own work."""
        return frozenset()

    @staticmethod
    def needs(settings: Any) -> frozenset[str]:
        """The store."""
        return frozenset({"shared_store"})

    def __init__(self, settings: DenylistSharedSettings, deployment: Deployment) -> None:
        self._settings = settings
        self._lifetime_s = deployment.token_lifetime_s

    def around_issuer(self, issuer: Issuer) -> Issuer:
        """Revocations go to the store."""
        return _Listing(issuer, self._settings, self._lifetime_s)

    def around_validator(self, validator: Validator) -> Validator:
        """The store is asked about each token that is good otherwise."""
        return _Asking(validator, self._settings)


class _Listing(AroundIssuer):
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


class _Asking(AroundValidator):
    def __init__(self, inner: Validator, settings: DenylistSharedSettings) -> None:
        super().__init__(inner)
        self._settings = settings

    def validate(self, ctx: Context, state: Around, presented: Presented) -> Flow[Verdict]:
        """All other checks first, then the question."""
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        answer: Any = yield Call("shared", SharedGet(_key(presented.token)), self._settings.timeout_s)
        if isinstance(answer, Failed):
            return refusals.cannot_tell("denylist_" + answer.reason)
        return verdict if answer is None else refusals.invalid_token("denied", verdict.based_on)


def _key(token: str) -> str:
    return f"denied-text:{store_key(token)}"


class ForgetfulDpop(Dpop):
    """Takes the same proof as often as it comes, as long as it is young enough."""

    name: ClassVar[str] = "forgetful_dpop"
    summary: ClassVar[str] = "victim: token bound to a key of the client, but a proof is good for many requests"
    refused: ClassVar[str] = "whoever has seen a request could repeat it (RFC 9449 section 11.1); use dpop"

    instead: ClassVar[str] = "dpop"

    def around_validator(self, validator: Validator) -> Validator:
        """Each request is the first one."""
        return _Forgetting(super().around_validator(validator))


class _Forgetting(AroundValidator):
    def validate(self, ctx: Context, state: Around, presented: Presented) -> Flow[Verdict]:
        """With a memory in which no proof is."""
        known: Around = state.inner
        nothing: Around = self.inner.initial_state()
        return (yield from self.inner.validate(ctx, Around(nothing.own, known.inner), presented))
