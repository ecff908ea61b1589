"""Denylist in a key-value store that all servers share, for signed tokens (S9 of data/evidence/strategies.csv)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Context, Failed, Flow, Sleep, Verdict
from simlib.scenario.messages import SharedGet, SharedPut
from simlib.strategies.base import Bound, DeploymentConfig, check_numbers
from simlib.strategies.denylist import (
    KEPT_AFTER_EXPIRY_S,
    DenylistEntry,
    DenylistSettings,
    DenylistValidator,
    DenylistWrapper,
    read_denylist_entry,
    refuse_denied,
)
from simlib.strategies.protocols import Issuer, Validator
from simlib.strategies.verdicts import confirm_verdict, refuse_unavailable
from simlib.strategies.wrappers import JwtIssuerWrapper


@dataclass(frozen=True)
class DenylistSharedSettings(DenylistSettings):
    """``timeout_s``: how long one call to the store may take. ``fail_open``: without an answer the token is
    accepted, else refused with 503. ``retry_s``: pause of the AS when the store did not take an entry.
    ``leeway_s``: how long an entry stays after ``exp``, which must be no less than the leeway of the validators.
    """

    timeout_s: float = 1.0
    fail_open: bool = False
    retry_s: float = 1.0
    leeway_s: float = KEPT_AFTER_EXPIRY_S

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, positive=("retry_s",), leeway_s=0)


class DenylistShared(DenylistWrapper):
    """Revocations hold at once; each request pays a round trip to the store, whose outage is an outage."""

    name: ClassVar[str] = "denylist_shared"
    summary: ClassVar[str] = "revoked tokens in a shared store, which is read at every request"
    Settings: ClassVar[type[DenylistSharedSettings]] = DenylistSharedSettings

    @staticmethod
    def list_operations(settings: DenylistSharedSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile; the store charges its own work."""
        return frozenset({"json.decode"})

    @staticmethod
    def list_requirements(settings: DenylistSharedSettings) -> frozenset[str]:
        """List the shared store."""
        return frozenset({"shared_store"})

    def wrap_issuer(self, issuer: Issuer) -> Issuer:
        """Wrap the issuer: it writes revocations into the shared store."""
        return _ListingIssuer(issuer, self._settings)

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator: it looks up in the store each token that passes all other checks."""
        return _LookingUpValidator(validator, self._settings, self._deployment)


class _ListingIssuer(JwtIssuerWrapper):
    def __init__(self, inner: Issuer, settings: DenylistSharedSettings) -> None:
        super().__init__(inner)
        self._settings = settings

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Revoke; done when the store has the entry, so a failed write is tried again."""
        claims = yield from self.revoke_claims(ctx, token)
        if claims is None:
            return False
        entry = read_denylist_entry(claims)
        if entry is not None:
            yield from self._put(ctx, entry)
        return True

    def _put(self, ctx: Context, entry: DenylistEntry) -> Flow[None]:
        until = entry.expires_at + self._settings.leeway_s
        key = _format_key(entry.issuer, entry.jti)
        while ctx.now() < until:
            answer = yield Call("shared", SharedPut(key, b"1", until - ctx.now()), self._settings.timeout_s)
            if not isinstance(answer, Failed):
                return
            yield Sleep(self._settings.retry_s)


class _LookingUpValidator(DenylistValidator):
    def __init__(self, inner: Validator, settings: DenylistSharedSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self._settings = settings

    def compute_bound(self) -> Bound:
        """Compute the bound: only an answer that is still in transit is out of date, once the store has the entry.

        With ``fail_open``, or when validators grant more leeway than entries are kept for, a revocation may go
        unnoticed altogether.
        """
        inner, settings = self.inner.compute_bound(), self._settings
        if settings.fail_open or self._leeway_s > settings.leeway_s:
            return inner
        return inner._replace(after_revocation_s=min(settings.timeout_s, inner.after_revocation_s))

    def _look_up(self, ctx: Context, own: None, verdict: Verdict, identity: tuple[str, str]) -> Flow[Verdict]:
        requested_at = ctx.now()
        answer: Any = yield Call("shared", SharedGet(_format_key(*identity)), self._settings.timeout_s)
        if isinstance(answer, Failed):
            if not self._settings.fail_open:
                return refuse_unavailable("denylist_" + answer.reason)
            requested_at = verdict.based_on
        elif answer is not None:
            return refuse_denied(verdict, requested_at)
        elif self._leeway_s > self._settings.leeway_s:
            requested_at = verdict.based_on  # the entry may have ended before the token, so its absence proves nothing
        return confirm_verdict(verdict, ctx.now(), self._leeway_s, requested_at)


def _format_key(issuer: str, jti: str) -> str:
    return f"denied:{issuer}:{jti}"
