"""Tokens bound to the client's TLS certificate (RFC 8705; S20 of data/evidence/strategies.csv)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Answer, Call, Compute, Context, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import DeploymentConfig, Grant, PresentedToken, TokenFormat
from simlib.strategies.confirmation_claim import bind_grant, bind_server, read_confirmation
from simlib.strategies.protocols import Endpoint, Presenter, Validator, Wrapper
from simlib.strategies.verdicts import confirm_verdict, refuse_invalid_token
from simlib.strategies.wrappers import PresenterWrapper, ValidatorWrapper, WrapperState
from simlib.tokens import certificate_thumbprint, client_certificate

MEMBER = "x5t#S256"


@dataclass(frozen=True)
class MtlsSettings:
    """``require_bound``: a token that is bound to no certificate is refused where tokens come in from clients."""

    require_bound: bool = True


class Certificates:
    """A self-signed certificate per user (section 2.2), made when it is first needed; here only its thumbprint is."""

    def __init__(self) -> None:
        self._thumbprints: dict[int, str] = {}

    def thumbprint(self, user: int) -> str:
        """SHA-256 of the DER certificate, base64url."""
        known = self._thumbprints.get(user)
        if known is None:
            known = self._thumbprints[user] = certificate_thumbprint(client_certificate(f"user-{user}"))
        return known


class Mtls(Wrapper):
    """A stolen token is of no use without the private key of the certificate."""

    name: ClassVar[str] = "mtls"
    summary: ClassVar[str] = "token bound to the client's TLS certificate"
    formats: ClassVar[frozenset[TokenFormat]] = frozenset({"opaque", "jwt", "encrypted", "paseto"})
    at_edge: ClassVar[bool] = True
    Settings: ClassVar[type[MtlsSettings]] = MtlsSettings

    @staticmethod
    def list_operations(settings: MtlsSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """Hashing the certificate at both servers, and a comparison."""
        return frozenset({"token.hash", "claims.check"})

    def __init__(self, settings: MtlsSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._certificates = Certificates()

    def wrap_validator(self, validator: Validator) -> Validator:
        """The caller's certificate must be that of the token."""
        return _Bound(validator, self._settings.require_bound)

    def wrap_presenter(self, presenter: Presenter) -> Presenter:
        """Connections to API and token endpoint show the user's certificate."""
        return _Showing(presenter, self._certificates)

    def wrap_endpoint(self, target: str, endpoint: Endpoint) -> Endpoint:
        """Whoever shows a certificate at the token endpoint gets tokens bound to it (section 3)."""
        return partial(_bind, endpoint) if target == "token" else endpoint

    def adjust_initial_grant(self, user: int, grant: Grant) -> Grant:
        """Bound to that user's certificate."""
        return bind_grant(grant, _confirmation(self._certificates.thumbprint(user)))


class _Showing(PresenterWrapper):
    def __init__(self, inner: Presenter, certificates: Certificates) -> None:
        super().__init__(inner)
        self._certificates = certificates

    def send_call(self, ctx: Context, state: Any, call: Call) -> Flow[Answer]:
        """The same call over a connection with the certificate."""
        shown = call.request._replace(certificate=self._certificates.thumbprint(state.user))
        answer: Answer = yield call._replace(request=shown)
        return answer


class _Bound(ValidatorWrapper):
    def __init__(self, inner: Validator, require: bool) -> None:
        super().__init__(inner)
        self.binds = True
        self._require = require
        self._leeway_s = inner.compute_bound().after_expiry_s

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """The verdict of the validator inside, if the thumbprints are one (section 3: else 401 invalid_token)."""
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        expected = read_confirmation(verdict, MEMBER)
        if not expected:
            return refuse_invalid_token("unbound", verdict.based_on) if self._require else verdict
        if presented.certificate:
            yield Compute("token.hash")
        same = yield Compute("claims.check", partial(_same, expected, presented.certificate))
        if not same:
            return refuse_invalid_token("certificate", verdict.based_on)
        return confirm_verdict(verdict, ctx.now(), self._leeway_s)


def _bind(endpoint: Endpoint, ctx: Context, request: HttpRequest, server: Any) -> Flow[Reply]:
    if not request.certificate:
        return (yield from endpoint(ctx, request, server))
    yield Compute("token.hash")
    return (yield from endpoint(ctx, request, bind_server(server, _confirmation(request.certificate))))


def _confirmation(thumbprint: str) -> Mapping[str, str]:
    return {MEMBER: thumbprint}


def _same(expected: str, shown: str) -> bool:
    # What a token or a request holds may be any text, and compare_digest takes only ASCII text.
    return hmac.compare_digest(expected.encode("utf-8", "surrogatepass"), shown.encode("utf-8", "surrogatepass"))
