"""A session JWT without OAuth2: signed and verified by the application alone, and renewed while it is used."""

import math
from typing import Any

import pytest

from simlib.scenario.effects import Compute, Cookie, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services import ResourceServer, serve_api
from simlib.strategies import (
    Bearer,
    ClientToken,
    JwtAccessToken,
    JwtLocal,
    PresentedToken,
    SessionJwtIssuer,
    SessionJwtValidator,
    UserClient,
)
from simlib.tokens import EPOCH, generate_shared_secret
from simlib.tokens.forging import forge_unsigned, read_claims, sign_claims, sign_with_hmac
from support.keys import key
from support.stage import AUDIENCE, ELSEWHERE, SCOPE, Stage
from support.stepping import Host, Route


def made(**chosen: Any) -> Stage:
    lifetime_s = chosen.pop("lifetime_s", 300.0)
    return Stage(
        SessionJwtValidator, SessionJwtIssuer, settings=SessionJwtValidator.Settings(**chosen), lifetime_s=lifetime_s
    ).at(1000.0)


def forged(stage: Stage, typ: str = "JWT", secret: bytes = b"", kid: str = "", **changes: Any) -> str:
    shared = stage.deployment.shared_secret()
    claims = {**read_claims(stage.issue().token), **changes}
    bent = {name: value for name, value in claims.items() if value is not ...}
    return sign_with_hmac(bent, kid or shared.kid, secret or shared.secret, typ)


def test_it_asks_nobody_ever() -> None:
    stage = made()
    stage.answer_all(Failed("unreachable"))
    for instant in (1000.0, 1200.0, 50_000.0):
        assert stage.at(instant).present(stage.issue().token).accepted
    assert not stage.calls


def test_the_forger_of_these_tests_can_also_make_good_sessions() -> None:
    stage = made()
    assert stage.present(forged(stage)).accepted


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": ELSEWHERE}, "issuer"),
        ({"aud": ELSEWHERE}, "audience"),
        ({"exp": EPOCH + 1000}, "expired"),
        ({"iat": EPOCH + 1001}, "issued_in_future"),
        ({"auth_time": ...}, "missing_claim"),
        ({"jti": ...}, "missing_claim"),
        ({"sub": ...}, "missing_claim"),
        ({"auth_time": "yesterday"}, "malformed"),
        ({"auth_time": EPOCH + 0.5}, "malformed"),
        ({"auth_time": True}, "malformed"),
        ({"scope": "other"}, "scope"),
        ({"typ": "at+jwt"}, "type"),
        ({"secret": b"s" * 32}, "signature"),
        ({"kid": "another"}, "unknown_key"),
    ],
    ids=str,
)
def test_each_check_of_a_session_counts(changes: dict[str, Any], reason: str) -> None:
    stage = made()
    verdict = stage.present(forged(stage, **changes))
    assert (verdict.accepted, verdict.reason, verdict.cookie) == (False, reason, None)


def test_no_other_algorithm_is_accepted() -> None:
    stage = made()
    claims, kid = read_claims(stage.issue().token), stage.deployment.shared_secret().kid
    assert stage.present(forge_unsigned(claims, kid)).reason == "algorithm"
    assert stage.present(sign_claims(claims, key("RS256"), kid=kid, typ="JWT")).reason == "algorithm"
    padded = stage.issue().token + "="
    assert stage.present(padded).reason == "malformed"


def test_an_access_token_is_no_session_and_a_session_no_access_token() -> None:
    stage = made()
    settings = JwtAccessToken.Settings(algorithm="HS256")
    tokens = Stage(
        JwtLocal, JwtAccessToken, settings=JwtLocal.Settings(algorithms=("HS256",)), issuer_settings=settings
    ).at(1000.0)
    assert stage.present(tokens.issue().token).reason == "type"
    assert tokens.present(stage.issue().token).reason == "type"


def test_every_replica_can_mint_what_all_others_believe() -> None:
    stage = made()
    assert stage.present(forged(stage, sub="anybody")).claims["sub"] == "anybody"
    assert stage.issuer.list_keys() == ()
    assert generate_shared_secret("foreign") != stage.deployment.shared_secret()


# --- sliding ---------------------------------------------------------------------------------------------------------


def test_a_session_gets_a_new_life_from_half_of_its_life_on_and_not_before() -> None:
    stage = made()
    token = stage.issue().token
    assert stage.at(math.nextafter(1150.0, 0.0)).present(token).cookie is None
    cookie = stage.at(1150.0).present(token).cookie
    assert cookie is not None
    assert cookie.max_age_s == 300.0
    before, after = read_claims(token), read_claims(cookie.value)
    more = stage.present(token).cookie
    assert more is not None
    again = read_claims(more.value)
    assert len({after["jti"], again["jti"]}) == 2
    assert {name for name in before if before[name] != after[name]} - {"jti"} == {"iat", "exp"}
    assert (after["iat"], after["exp"], after["auth_time"]) == (EPOCH + 1150, EPOCH + 1450, EPOCH + 1000)
    assert stage.at(1449.0).present(cookie.value).accepted
    assert stage.present(token).reason == "expired"


def test_a_session_that_does_not_slide_ends() -> None:
    stage = made(sliding=False)
    assert stage.at(1299.0).present(stage.issue().token).cookie is None
    assert stage.validator.compute_bound().after_revocation_s == 300.0


def test_however_often_it_is_used_it_ends_at_its_longest_life_after_the_login() -> None:
    stage = made(longest_s=1000.0)
    token, last = stage.issue().token, 0.0
    for instant in range(1000, 2400, 100):
        verdict = stage.at(float(instant)).present(token)
        if verdict.accepted:
            last = stage.now
            assert verdict.based_on == 1000.0  # no renewal is a word about the user
        if verdict.cookie is not None:
            assert stage.now + verdict.cookie.max_age_s <= 2000.0
            token = verdict.cookie.value
    assert last == 1900.0
    assert stage.validator.compute_bound().after_revocation_s == 1000.0


def test_a_session_that_could_not_last_longer_is_not_renewed() -> None:
    stage = made(longest_s=400.0)
    token = stage.issue().token
    cookie = stage.at(1200.0).present(token).cookie
    assert cookie is not None
    assert read_claims(cookie.value)["exp"] == EPOCH + 1400
    assert stage.at(1390.0).present(cookie.value).accepted
    assert stage.present(cookie.value).cookie is None


def test_a_session_that_was_revoked_lives_on() -> None:
    stage = made()
    token = stage.issue().token
    stage.revoke(token)
    assert stage.at(1200.0).present(token).cookie is not None


def test_a_refusal_renews_nothing() -> None:
    stage = made()
    token = stage.issue().token
    assert stage.at(1200.0).present(token, "other scope").cookie is None


@pytest.mark.parametrize("wrong", [{"longest_s": 0.0}, {"longest_s": math.inf}, {"leeway_s": -1.0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SessionJwtValidator.Settings(**wrong)


# --- the cookie on its way -------------------------------------------------------------------------------------------


class Application:
    """A service with sessions, and the browser of a user."""

    def __init__(self) -> None:
        self.stage = made()
        self.bearer = Bearer(Bearer.Settings(), self.stage.deployment)
        self.browser = Host(self.stage.stepper, routes={"api": Route(self.stage.rs, self._api)})
        issued = self.stage.issue()
        self.user = UserClient(1, "", ClientToken(issued.token, issued.expires_at))

    def request(self, at: float) -> Reply:
        self.stage.at(at)
        flow = self.bearer.request(self.browser, self.user, HttpRequest())
        reply: Reply = self.stage.stepper.finish(flow, self.browser)
        return reply

    def _api(self, request: HttpRequest) -> Flow[Reply]:
        stage = self.stage
        token = request.authorization.removeprefix("Bearer ")
        resource = ResourceServer(
            lambda request: stage.validator.validate(stage.rs, stage.state, PresentedToken(token, SCOPE)),
            calls_userinfo=False,
            user_claim="name",
            body=b"ok",
        )
        yield Compute("nothing")
        return (yield from serve_api(stage.rs, request, resource))


def test_a_user_who_keeps_coming_never_logs_in_again() -> None:
    application = Application()
    for instant in range(1000, 5000, 200):
        assert application.request(float(instant)).status == 200
    assert not application.stage.calls.get("token")
    assert application.user.access_token is not None
    assert application.user.access_token.expires_at == 4800.0 + 300.0


def test_a_user_who_stays_away_for_a_life_has_lost_the_session() -> None:
    application = Application()
    assert application.request(1200.0).cookie is not None
    assert application.user.access_token is not None
    assert application.user.access_token.expires_at == 1500.0
    assert read_claims(application.user.access_token.token)["aud"] == AUDIENCE


def test_a_cookie_counts_among_the_bytes_of_an_answer() -> None:
    assert Reply(200, b"ok", cookie=Cookie("abc", 1.0)).size == Reply(200, b"ok").size + 3
