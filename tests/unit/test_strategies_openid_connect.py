"""OpenID Connect: a closed access token for the API, an identity token that the client reads, and never mixed up."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simlib.flows import AuthorizationCode, RefreshToken
from simlib.scenario.effects import Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.strategies import JwtAccessToken, JwtLocal, OpenIdConnect, SigningReferenceToken, UserClient
from simlib.tokens import (
    EPOCH,
    ID_TOKEN_CLAIMS,
    build_id_token_claims,
    judge_id_token,
    make_id_token_verification,
    sign_jwt,
)
from simlib.tokens.forging import forge_unsigned, read_claims, sign_claims, sign_with_hmac
from support.keys import impostor, key
from support.signing_in import PASSWORD, USER, WEB, SignInStage
from support.stage import AUDIENCE, ELSEWHERE, ISSUER, SCOPE, Stage, deployment
from support.stepping import Route

ALG = "ES256"
ASKED = replace(WEB, scope="openid profile read")


class Signing:
    """A web application whose user signs in and calls the API; ``change`` bends what the token endpoint gives."""

    def __init__(self, **chosen: Any) -> None:
        issuer = SigningReferenceToken(SigningReferenceToken.Settings(algorithm=ALG), deployment())
        self.stage = SignInStage(issuer=issuer)
        self.key = issuer.list_keys()[0]
        self.presenter = OpenIdConnect(OpenIdConnect.Settings(**chosen), deployment())
        self.change: Callable[[TokenResponse], Any] = lambda tokens: tokens
        self.presented: list[str] = []
        self.stage.client_host.routes["api"] = Route(self.stage.server_host, self._api)
        self.user = self.client(1)

    def client(self, number: int) -> UserClient:
        return UserClient(number, "", None, self._sign_in, refresh=self._refresh, client_id=WEB.client_id)

    def request(self, user: UserClient | None = None) -> Any:
        host = self.stage.client_host
        return self.stage.stepper.finish(self.presenter.request(host, user or self.user, HttpRequest()), host)

    def _sign_in(self, ctx: Context) -> Flow[Any]:
        obtained = yield from AuthorizationCode(AuthorizationCode.Settings(), ASKED).obtain(ctx)
        return self.change(obtained) if isinstance(obtained, TokenResponse) else obtained

    def _refresh(self, ctx: Context, token: str) -> Flow[Any]:
        client = replace(ASKED, refresh_token=token)
        obtained = yield from RefreshToken(RefreshToken.Settings(), client).obtain(ctx)
        return self.change(obtained) if isinstance(obtained, TokenResponse) else obtained

    def _api(self, request: HttpRequest) -> Flow[Reply]:
        self.presented.append(request.authorization)
        yield Compute("api")
        return Reply(200)


@pytest.fixture
def signing() -> Signing:
    made = Signing()
    made.stage.stepper.run(1000.0)
    return made


def refusal(signing: Signing) -> str:
    """Why the identity token was refused; nothing of the sign-in may have been used."""
    answer = signing.request()
    assert isinstance(answer, Reply)
    assert answer.status == 400
    assert signing.presented == []
    assert signing.presenter.find_identity(signing.user) is None
    assert (signing.user.access_token, signing.user.refresh_token) == (None, "")
    told = json.loads(answer.body)
    assert told["error"] == "invalid_id_token"
    reason: str = told["error_description"]
    return reason


def test_the_client_knows_its_user_and_the_api_gets_a_closed_token(signing: Signing) -> None:
    assert signing.request() == Reply(200)
    identity = signing.presenter.find_identity(signing.user)
    assert identity is not None
    assert (identity["sub"], identity["aud"], identity["iss"]) == (USER, WEB.client_id, ISSUER)
    assert identity["name"] == deployment().user_claims(USER)["name"]
    [authorization] = signing.presented
    assert "." not in authorization
    assert PASSWORD not in str(identity)


def test_it_asks_for_the_keys_once_for_all_its_users(signing: Signing) -> None:
    users = [signing.client(number) for number in range(4)]
    for user in users:
        assert signing.request(user).status == 200
    assert signing.stage.stepper.calls["jwks"] == 1
    assert signing.stage.stepper.operations[f"jwt.verify.{ALG}"] == 4
    for _ in range(10):
        signing.request(users[0])
    assert signing.stage.stepper.operations[f"jwt.verify.{ALG}"] == 4  # requests verify nothing


def bent(signing: Signing, make: Callable[[dict[str, Any]], str]) -> None:
    signing.change = lambda tokens: tokens._replace(id_token=make(read_claims(tokens.id_token)))


def with_claims(signing: Signing, typ: Any = "JWT", **changes: Any) -> None:
    def make(claims: dict[str, Any]) -> str:
        bent_claims = {name: value for name, value in {**claims, **changes}.items() if value is not ...}
        return sign_claims(bent_claims, signing.key, typ=typ)

    bent(signing, make)


def test_the_forger_of_these_tests_can_also_make_good_tokens(signing: Signing) -> None:
    with_claims(signing)
    assert signing.request().status == 200


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": ELSEWHERE}, "issuer"),
        ({"aud": "another client"}, "audience"),
        ({"aud": AUDIENCE}, "audience"),
        ({"aud": [WEB.client_id, "another client"]}, "azp"),
        ({"azp": "another client"}, "azp"),
        ({"nonce": "of another sign-in"}, "nonce"),
        ({"nonce": ...}, "nonce"),
        ({"exp": EPOCH + 1000}, "expired"),
        ({"iat": EPOCH + 1001}, "issued_in_future"),
        ({"sub": ...}, "missing_claim"),
        ({"iat": ...}, "missing_claim"),
        ({"exp": ...}, "missing_claim"),
        ({"typ": "at+jwt"}, "type"),
        ({"typ": ...}, "type"),
    ],
    ids=str,
)
def test_each_check_of_the_identity_token_counts(changes: dict[str, Any], reason: str, signing: Signing) -> None:
    with_claims(signing, **changes)
    assert refusal(signing) == reason


def test_several_audiences_are_fine_when_the_token_was_made_out_to_us(signing: Signing) -> None:
    with_claims(signing, aud=[WEB.client_id, "another client"], azp=WEB.client_id)
    assert signing.request().status == 200


def test_a_token_that_the_server_did_not_sign_is_refused(signing: Signing) -> None:
    for make, reason in (
        (lambda claims: sign_claims(claims, impostor(signing.key), typ="JWT"), "signature"),
        (lambda claims: sign_claims(claims, key(ALG, "foreign"), typ="JWT"), "unknown_key"),
        (lambda claims: forge_unsigned(claims, signing.key.kid), "algorithm"),
        (lambda claims: sign_with_hmac(claims, signing.key.kid, b"s" * 32), "algorithm"),
        (lambda claims: "no token", "unknown_key"),
    ):
        bent(signing, make)
        assert refusal(signing) == reason


def test_an_algorithm_that_is_not_on_the_list_is_refused() -> None:
    signing = Signing(algorithms=("RS256",))
    assert refusal(signing) == "algorithm"
    with pytest.raises(ValueError, match="algorithms"):
        OpenIdConnect.Settings(algorithms=("HS256",))


def test_who_gets_no_identity_token_is_not_signed_in(signing: Signing) -> None:
    signing.change = lambda tokens: tokens._replace(id_token="")
    assert refusal(signing) == "no_id_token"


def test_a_browser_gets_none_because_its_backend_has_it(signing: Signing) -> None:
    signing.user.target = "bff"
    signing.stage.client_host.routes["bff"] = signing.stage.client_host.routes["api"]
    signing.change = lambda tokens: TokenResponse("cookie", 600.0, tokens.requested_at)
    assert signing.request().status == 200
    assert signing.presented == ["Cookie cookie"]


def test_without_keys_nobody_can_tell_who_it_is(signing: Signing) -> None:
    signing.stage.alter = lambda target, reply: Failed("unreachable") if target == "jwks" else reply
    assert signing.request() == Failed("unreachable")
    assert signing.presented == []
    signing.stage.alter = lambda target, reply: reply
    assert signing.request() == Reply(200)


def test_a_later_identity_token_must_speak_of_the_same_user(signing: Signing) -> None:
    assert signing.request().status == 200
    signing.presented.clear()
    signing.stage.stepper.run(1300.0)
    with_claims(signing, sub="user-2")
    assert refusal(signing) == "subject"


def test_a_refresh_that_brings_no_identity_token_keeps_the_identity(signing: Signing) -> None:
    signing.request()
    before = signing.presenter.find_identity(signing.user)
    signing.change = lambda tokens: tokens._replace(id_token="")
    signing.stage.stepper.run(1300.0)
    assert signing.request().status == 200
    assert len(set(signing.presented)) == 2
    assert signing.presenter.find_identity(signing.user) is before


def test_with_a_new_session_comes_a_new_identity(signing: Signing) -> None:
    signing.request()
    before = signing.presenter.find_identity(signing.user)
    signing.user.session_until = 1100.0
    signing.stage.stepper.run(1200.0)
    assert signing.request().status == 200
    after = signing.presenter.find_identity(signing.user)
    assert after is not None
    assert before is not None
    assert (after["sub"], after["auth_time"]) == (USER, EPOCH + 1200)
    assert after["nonce"] != before["nonce"]


# --- identity tokens and access tokens are never taken for each other ------------------------------------------------


def test_an_identity_token_opens_no_api_and_an_access_token_signs_nobody_in(make_stage: Any) -> None:
    stage: Stage = make_stage(JwtLocal, JwtAccessToken, issuer_settings=JwtAccessToken.Settings(algorithm=ALG)).at(10.0)
    signer = stage.issuer.list_keys()[0]
    identity = sign_jwt(build_id_token_claims(ISSUER, "shop", "user-1", 10.0, 300.0), signer, "JWT")
    assert stage.present(identity).reason == "type"
    # Even with the audience of the API and every claim of an access token, the type tells.
    disguised = {**read_claims(stage.issue().token), "nonce": "n"}
    assert stage.present(sign_jwt(disguised, signer, "JWT")).reason == "type"
    access = stage.issue(scope=SCOPE).token
    verify = make_id_token_verification(access, signer.verification_key, (ALG,), ISSUER, "shop")
    assert verify().reason == "type"
    assert verify._replace(token=sign_jwt(read_claims(access), signer, "JWT"))().reason == "audience"


def test_the_claims_of_an_identity_token_are_those_of_the_specification() -> None:
    claims = build_id_token_claims(
        ISSUER, "shop", "user-1", 10.9, 300.9, auth_time=5.0, nonce="n", extra={"iss": "x", "a": 1}
    )
    assert claims == {
        **{"iss": ISSUER, "aud": "shop", "sub": "user-1", "iat": EPOCH + 10, "exp": EPOCH + 310},
        **{"auth_time": EPOCH + 5, "nonce": "n", "a": 1},
    }
    assert set(ID_TOKEN_CLAIMS) <= set(claims)
    assert judge_id_token(claims, "shop", "n", "user-1") == ""
    assert judge_id_token(claims, "shop", "") == ""
