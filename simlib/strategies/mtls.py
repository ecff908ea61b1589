"""Mutual TLS: tokens bound to the client's certificate (RFC 8705; S20 of data/evidence/strategies.csv)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Answer, Call, Compute, Context, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import DeploymentConfig, Grant, PresentedToken
from simlib.strategies.issuing import bind_grant, bind_server, read_confirmation
from simlib.strategies.protocols import Endpoint, Presenter, Validator, Wrapper
from simlib.strategies.verdicts import confirm_verdict, refuse_invalid_token
from simlib.strategies.wrappers import PresenterWrapper, ValidatorWrapper, WrapperState
from simlib.tokens import BINDABLE_FORMATS, TokenFormat, compute_certificate_thumbprint, make_client_certificate

CNF_MEMBER = "x5t#S256"


@dataclass(frozen=True)
class MtlsSettings:
    """``require_bound``: a token that is bound to no certificate is refused where tokens come in from clients."""

    require_bound: bool = True


class Certificates:
    """A self-signed certificate per user (section 2.2), made when first needed; only its thumbprint is kept."""

    def __init__(self) -> None:
        self._by_user: dict[int, str] = {}

    def find_thumbprint(self, user: int) -> str:
        """Find the SHA-256 of the DER certificate, base64url."""
        thumbprint = self._by_user.get(user)
        if thumbprint is None:
            thumbprint = self._by_user[user] = compute_certificate_thumbprint(make_client_certificate(f"user-{user}"))
        return thumbprint


class Mtls(Wrapper):
    """A stolen token is of no use without the private key of the certificate."""

    name: ClassVar[str] = "mtls"
    summary: ClassVar[str] = "token bound to the client's TLS certificate"
    formats: ClassVar[frozenset[TokenFormat]] = BINDABLE_FORMATS
    at_edge: ClassVar[bool] = True
    binds: ClassVar[bool] = True
    Settings: ClassVar[type[MtlsSettings]] = MtlsSettings

    @staticmethod
    def list_operations(settings: MtlsSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List hashing of the certificate at both servers, and a comparison."""
        return frozenset({"token.hash", "claims.check"})

    def __init__(self, settings: MtlsSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._certificates = Certificates()

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator: the caller's certificate must be that of the token."""
        return _MtlsValidator(validator, self._settings.require_bound)

    def wrap_presenter(self, presenter: Presenter) -> Presenter:
        """Wrap the presenter: its connections to API and token endpoint present the user's certificate."""
        return _MtlsPresenter(presenter, self._certificates)

    def wrap_endpoint(self, target: str, endpoint: Endpoint) -> Endpoint:
        """Wrap the token endpoint: a client with a certificate gets tokens bound to it (section 3)."""
        return partial(_bind_tokens, endpoint) if target == "token" else endpoint

    def adjust_initial_grant(self, user: int, grant: Grant) -> Grant:
        """Bind the grant to that user's certificate."""
        return bind_grant(grant, _build_confirmation(self._certificates.find_thumbprint(user)))


class _MtlsPresenter(PresenterWrapper):
    def __init__(self, inner: Presenter, certificates: Certificates) -> None:
        super().__init__(inner)
        self._certificates = certificates

    def send_call(self, ctx: Context, state: Any, call: Call) -> Flow[Answer]:
        """Make the call over a connection with the certificate."""
        request = call.request._replace(certificate=self._certificates.find_thumbprint(state.user))
        answer: Answer = yield call._replace(request=request)
        return answer


class _MtlsValidator(ValidatorWrapper):
    def __init__(self, inner: Validator, require: bool) -> None:
        super().__init__(inner)
        self.binds = True
        self._require = require
        self._leeway_s = inner.compute_bound().after_expiry_s

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """Return the verdict of the validator inside, if the thumbprints match (section 3: else 401 invalid_token)."""
        verdict = yield from super().validate(ctx, state, presented)
        if not verdict.accepted:
            return verdict
        expected = read_confirmation(verdict, CNF_MEMBER)
        if not expected:
            return refuse_invalid_token("unbound", verdict.based_on) if self._require else verdict
        if presented.certificate:
            yield Compute("token.hash")
        matches = yield Compute("claims.check", partial(_is_same, expected, presented.certificate))
        if not matches:
            return refuse_invalid_token("certificate", verdict.based_on)
        return confirm_verdict(verdict, ctx.now(), self._leeway_s)


def _bind_tokens(endpoint: Endpoint, ctx: Context, request: HttpRequest, server: Any) -> Flow[Reply]:
    if not request.certificate:
        return (yield from endpoint(ctx, request, server))
    yield Compute("token.hash")
    return (yield from endpoint(ctx, request, bind_server(server, _build_confirmation(request.certificate))))


def _build_confirmation(thumbprint: str) -> Mapping[str, str]:
    return {CNF_MEMBER: thumbprint}


def _is_same(expected: str, presented: str) -> bool:
    # A token or a request may hold any text, and compare_digest takes only ASCII text.
    return hmac.compare_digest(expected.encode("utf-8", "surrogatepass"), presented.encode("utf-8", "surrogatepass"))
