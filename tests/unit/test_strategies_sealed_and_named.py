"""Encrypted, lightweight, stored and regional tokens, PASETO, and signed answers: what only they do."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from simlib.scenario.effects import Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest, StoreGet, StorePut, TokenRow
from simlib.strategies import (
    EncryptedJwtIssuer,
    EncryptedJwtValidator,
    JwtLocal,
    LightweightJwtIssuer,
    LightweightJwtValidator,
    OpaqueRegional,
    PasetoIssuer,
    PasetoValidator,
    RegionalReferenceToken,
    SignedIntrospection,
    SigningReferenceToken,
    StoredJwt,
)
from simlib.tokens import (
    EPOCH,
    KEY_MANAGEMENT,
    SharedSecret,
    build_introspection_claims,
    decrypt,
    encrypt,
    generate_encryption_key,
    make_regional_token,
    read_header,
    read_payload,
    read_region,
    sign_jwt,
    sign_paseto,
)
from simlib.tokens.forging import decode, encode, forge_unsigned, read_claims, sign_claims
from support.keys import impostor, key
from support.missing_packages import hide_packages
from support.stage import AUDIENCE, ISSUER, RESOURCE_SERVER, SCOPE, Stage
from support.stepping import Delay, Route

DOWN = Failed("unreachable")

# --- encrypted JWT ------------------------------------------------------------------------------------------------


@pytest.fixture(params=KEY_MANAGEMENT)
def sealed(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    return make_stage(
        EncryptedJwtValidator,
        EncryptedJwtIssuer,
        settings=EncryptedJwtValidator.Settings(key_management=request.param),
        issuer_settings=EncryptedJwtIssuer.Settings(key_management=request.param),
    )


def lock(stage: Stage, audience: str = AUDIENCE) -> Any:
    return generate_encryption_key(stage.settings.key_management, audience)


def test_nobody_but_the_audience_reads_an_encrypted_token(sealed: Stage) -> None:
    token = sealed.issue("user-7").token
    assert read_header(token)["alg"] == sealed.settings.key_management
    assert (read_header(token)["enc"], read_header(token)["cty"], token.count(".")) == ("A256GCM", "JWT", 4)
    assert read_payload(token) is None
    assert decrypt(token, lock(sealed, "https://elsewhere.example")).token is None
    inside = decrypt(token, lock(sealed)).token
    assert inside is not None
    assert read_claims(inside)["sub"] == "user-7"
    assert sealed.present(token).claims["sub"] == "user-7"


def test_what_anybody_can_encrypt_still_has_to_be_signed(sealed: Stage) -> None:
    inside = decrypt(sealed.issue().token, lock(sealed)).token
    assert inside is not None
    ours = sealed.served[0]
    for forged, reason in (
        (inside, ""),
        (sign_claims(read_claims(inside), impostor(ours)), "signature"),
        (forge_unsigned(read_claims(inside), ours.kid), "algorithm"),
        ("no token", "unknown_key"),
    ):
        assert sealed.present(encrypt(forged, lock(sealed))).reason == reason


def test_a_signed_token_that_is_not_encrypted_is_refused(sealed: Stage) -> None:
    inside = decrypt(sealed.issue().token, lock(sealed)).token
    assert inside is not None
    assert sealed.present(inside).status == 401


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"zip": "DEF"}, "malformed"),
        ({"p2c": 10**9}, "malformed"),
        ({"p2s": "AA"}, "malformed"),
        ({"crit": ["exp"]}, "malformed"),
        ({"alg": "dir"}, "algorithm"),
        ({"alg": "RSA1_5"}, "algorithm"),
        ({"alg": "PBES2-HS256+A128KW"}, "algorithm"),
        ({"enc": "A128CBC-HS256"}, "algorithm"),
        ({"cty": "text"}, "type"),
        ({"cty": None}, "type"),
        ({"kid": "other"}, "decryption"),
    ],
    ids=str,
)
def test_the_header_of_an_encrypted_token_chooses_nothing(change: dict[str, Any], reason: str, sealed: Stage) -> None:
    head, rest = sealed.issue().token.split(".", 1)
    assert sealed.present(f"{encode({**read_header(head + '.'), **change})}.{rest}").reason == reason


@pytest.mark.parametrize("text", ["garbage", "....", ".a.b.c.d", "W10.a.b.c.d", "e30.a.b.c.d"])
def test_what_has_no_header_is_no_encrypted_token(text: str, sealed: Stage) -> None:
    assert sealed.present(text).reason == "malformed"


@pytest.mark.parametrize("algorithm", ["dir", "RSA1_5", "RSA-OAEP", "A256KW", ""])
def test_no_key_is_made_for_another_key_management(algorithm: str) -> None:
    with pytest.raises(ValueError, match="is not one of RSA-OAEP-256, ECDH-ES"):
        generate_encryption_key(algorithm, AUDIENCE)


def test_the_other_key_management_is_refused(make_stage: Callable[..., Stage]) -> None:
    first, second = (EncryptedJwtIssuer.Settings(key_management=name) for name in KEY_MANAGEMENT)
    assert first != second
    stage = make_stage(EncryptedJwtValidator, EncryptedJwtIssuer, issuer_settings=second)
    assert stage.present(stage.issue().token).reason == "algorithm"


def test_a_missing_package_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_packages(monkeypatch, "joserfc", "pyseto")
    for kind, package in (
        (EncryptedJwtIssuer, "joserfc"),
        (EncryptedJwtValidator, "joserfc"),
        (PasetoIssuer, "pyseto"),
        (PasetoValidator, "pyseto"),
    ):
        with pytest.raises(ValueError, match=f"needs the package {package}.*simlib"):
            kind.Settings()


# --- PASETO -------------------------------------------------------------------------------------------------------


def paseto_claims(**changes: Any) -> dict[str, Any]:
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u", "client_id": "shop", "scope": SCOPE, "jti": "j"}
    return {**usual, "iat": EPOCH, "exp": EPOCH + 100, **changes}


def test_a_paseto_says_what_a_jwt_would_in_its_own_form(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(PasetoValidator, PasetoIssuer)
    token = stage.issue("user-7").token
    version, purpose, payload, footer = token.split(".")
    assert (version, purpose, decode(footer)) == ("v4", "public", b'{"kid":"current"}')
    assert b'"exp":"2026-01-01T00:05:00+00:00"' in decode(payload)
    verdict = stage.present(token)
    assert (verdict.claims["sub"], verdict.claims["exp"], verdict.claims["iat"]) == ("user-7", EPOCH + 300, EPOCH)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"iss": "x"}, "issuer"),
        ({"aud": "x"}, "audience"),
        ({"aud": ["x"]}, "audience"),
        ({"aud": ["x", AUDIENCE]}, ""),
        ({"exp": EPOCH}, "expired"),
        ({"exp": "soon"}, "no_expiry"),
        ({"exp": "2027-01-01T00:00:00"}, "no_expiry"),
        ({"nbf": EPOCH + 1}, "not_yet_valid"),
        ({"nbf": True}, "not_yet_valid"),
        ({"iat": EPOCH + 1}, "issued_in_future"),
        ({"jti": None}, "missing_claim"),
        ({"sub": None}, "missing_claim"),
        ({"scope": "other"}, "scope"),
    ],
    ids=str,
)
def test_each_claim_of_a_paseto_is_judged(
    changes: dict[str, Any], reason: str, make_stage: Callable[..., Stage]
) -> None:
    stage = make_stage(PasetoValidator, PasetoIssuer)
    assert stage.present_bare(sign_paseto(paseto_claims(**changes), stage.served[0])).reason == reason


def test_a_paseto_of_another_key_is_refused(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(PasetoValidator, PasetoIssuer)
    assert stage.present_bare(sign_paseto(paseto_claims(), key("EdDSA", "foreign"))).reason == "unknown_key"
    assert stage.present_bare(sign_paseto(paseto_claims(), impostor(stage.served[0]))).reason == "signature"
    jwt = sign_claims(paseto_claims(), stage.served[0])
    assert stage.present_bare(jwt).status == 401


@pytest.mark.parametrize("payload", [b"[]", b"7", b"null", b'"text"', b"no JSON"])
def test_a_paseto_without_an_object_is_malformed(payload: bytes, make_stage: Callable[..., Stage]) -> None:
    pyseto = pytest.importorskip("pyseto")
    stage = make_stage(PasetoValidator, PasetoIssuer)
    signing = stage.served[0]
    secret = signing.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    footer = json.dumps({"kid": signing.kid}).encode()
    token = pyseto.encode(pyseto.Key.new(version=4, purpose="public", key=secret), payload, footer).decode()
    assert stage.present_bare(token).reason == "malformed"


def test_a_paseto_has_one_spelling_and_one_footer(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(PasetoValidator, PasetoIssuer)
    token = stage.issue().token
    head, _, footer = token.rpartition(".")
    other = encode({"kid": "current", "more": 1})
    for bent in (
        f"{head}.{other}",
        head,
        token + "=",
        f"{token}.x",
        token.replace("v4", "v3"),
        f"v4.local.{token[10:]}",
    ):
        assert stage.present_bare(bent).status == 401
    ends = [at for at in (len(head) - 1, len(token) - 1) for _ in "A"]
    for at in ends:
        for character in "ABCDwxyz0189-_":
            if character != token[at]:
                assert stage.present_bare(token[:at] + character + token[at + 1 :]).status == 401
    assert footer


def test_bits_that_stand_for_nothing_must_be_nothing(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(PasetoValidator, PasetoIssuer)
    for subject in ("u", "uu", "uuu"):
        token = sign_paseto(paseto_claims(sub=subject), stage.served[0])
        at = token.rindex(".") - 1
        alike = [
            token[:at] + last + token[at + 1 :] for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
        ]
        assert [one for one in alike if stage.present_bare(one).accepted and one != token] == []


# --- signed introspection -----------------------------------------------------------------------------------------


def told(stage: Stage, answer: bytes) -> str:
    """The reason of the verdict when the server answers this."""
    token = stage.issue().token
    stage.answer("introspect", Reply(200, answer))
    return stage.present(token).reason


def test_an_answer_is_verified_and_then_judged(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(SignedIntrospection, SigningReferenceToken)
    token = stage.issue("user-7").token
    assert stage.present(token).claims["sub"] == "user-7"
    assert stage.stepper.operations["jwt.verify.RS256"] == 1
    stage.revoke(token)
    assert stage.present(token).reason == "inactive"


def test_an_answer_that_is_not_signed_for_us_says_nothing(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(SignedIntrospection, SigningReferenceToken)
    said = {"active": True, "iss": ISSUER, "aud": AUDIENCE, "exp": EPOCH + 100, "scope": SCOPE, "sub": "u"}
    ours, typ = stage.served[0], "token-introspection+jwt"
    good = build_introspection_claims(ISSUER, RESOURCE_SERVER.client_id, 0.0, said)
    assert told(stage, sign_jwt(good, ours, typ).encode()) == ""
    refused = [
        sign_jwt(good, ours, "at+jwt"),
        sign_jwt(good, ours, "JWT"),
        sign_jwt({**good, "aud": "another"}, ours, typ),
        sign_jwt({**good, "iss": "https://elsewhere.example"}, ours, typ),
        sign_jwt({**good, "token_introspection": "active"}, ours, typ),
        sign_jwt({name: good[name] for name in ("iss", "aud", "iat")}, ours, typ),
        sign_jwt(good, impostor(ours), typ),
        sign_jwt(good, key("RS256", "foreign"), typ),
        '{"active":true}',
        "",
    ]
    assert [told(stage, answer.encode()) for answer in refused] == ["introspection_signature"] * len(refused)


@pytest.mark.parametrize("status", [201, 202, 302, 400, 401, 406])
def test_a_signed_answer_with_another_status_is_no_answer(status: int, make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(SignedIntrospection, SigningReferenceToken)
    said = {"active": True, "iss": ISSUER, "aud": AUDIENCE, "exp": EPOCH + 100, "scope": SCOPE, "sub": "u"}
    claims = build_introspection_claims(ISSUER, RESOURCE_SERVER.client_id, 0.0, said)
    body = sign_jwt(claims, stage.served[0], "token-introspection+jwt").encode()
    stage.answer("introspect", Reply(status, body))
    verdict = stage.present_bare("opaque")
    assert (verdict.status, verdict.reason) == (503, "introspection_status")


@pytest.mark.parametrize("failed", [Failed("timed_out"), Failed("unreachable")], ids=str)
def test_who_cannot_ask_for_a_signed_answer_says_why(failed: Failed, make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(SignedIntrospection, SigningReferenceToken)
    stage.answer("introspect", failed)
    verdict = stage.present_bare("opaque")
    assert (verdict.status, verdict.reason) == (503, f"introspection_{failed.reason}")


def test_only_listed_algorithms_sign_an_answer(make_stage: Callable[..., Stage]) -> None:
    for algorithms, status in ((("RS256",), 200), (("ES256", "PS256"), 503)):
        settings = SignedIntrospection.Settings(algorithms=algorithms)
        stage = make_stage(SignedIntrospection, SigningReferenceToken, settings=settings)
        assert stage.present(stage.issue().token).status == status
    with pytest.raises(ValueError, match="algorithms must be one of"):
        SignedIntrospection.Settings(algorithms=("HS256",))


def test_an_answer_that_waited_too_long_for_its_key_is_not_used(make_stage: Callable[..., Stage]) -> None:
    settings = SignedIntrospection.Settings(timeout_s=4.0, unknown_kid_cooldown_s=0.0)
    for travel, status in ((1.9, 200), (3.0, 503)):
        stage = make_stage(SignedIntrospection, SigningReferenceToken, settings=settings)
        assert stage.present(stage.issue().token).accepted
        stage.rotate("new")
        token = stage.issue().token
        stage.stepper.delay = lambda target, travel=travel: Delay(0.0, travel)
        assert stage.present(token).status == status


# --- lightweight JWT ----------------------------------------------------------------------------------------------


def light(make_stage: Callable[..., Stage], information: str = "introspection", **chosen: Any) -> Stage:
    settings = LightweightJwtValidator.Settings(**chosen)
    return make_stage(LightweightJwtValidator, LightweightJwtIssuer, settings=settings, information=information)


def test_only_a_request_that_needs_user_information_asks(make_stage: Callable[..., Stage]) -> None:
    stage = light(make_stage)
    token = stage.issue("user-7").token
    wanted = stage.deployment.user_claims("user-7")
    assert not set(wanted) & set(stage.present(token).claims)
    assert stage.calls["introspect"] == 0
    claims = stage.present(token, needs_user_information=True).claims
    assert wanted.items() <= claims.items()
    assert claims["jti"] == read_claims(token)["jti"]
    assert stage.at(59.9).present(token, needs_user_information=True).based_on == 0.0
    assert stage.calls["introspect"] == 1
    assert stage.at(60.0).present(token, needs_user_information=True).based_on == 60.0


def test_who_asks_about_the_user_learns_of_the_revocation(make_stage: Callable[..., Stage]) -> None:
    stage = light(make_stage)
    token = stage.issue().token
    stage.revoke(token)
    assert stage.present(token).accepted
    assert stage.present(token, needs_user_information=True).reason == "inactive"
    stage.answer("introspect", DOWN)
    assert stage.present(stage.issue().token, needs_user_information=True).status == 503


def test_a_forged_token_is_never_asked_about(make_stage: Callable[..., Stage]) -> None:
    stage = light(make_stage)
    forged = sign_claims(read_claims(stage.issue().token), impostor(stage.served[0]))
    assert stage.present(forged, needs_user_information=True).reason == "signature"
    assert stage.calls["introspect"] == 0


def test_with_userinfo_the_service_asks_by_itself(make_stage: Callable[..., Stage]) -> None:
    stage = light(make_stage, "userinfo")
    assert stage.present(stage.issue().token, needs_user_information=True).accepted
    assert stage.calls["introspect"] == 0


def test_a_lightweight_token_never_holds_claims_about_the_user(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(JwtLocal, LightweightJwtIssuer, information="token")
    names = {"iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti"}
    assert set(read_claims(stage.issue().token)) == names


# --- stored JWT ---------------------------------------------------------------------------------------------------


def test_a_stored_token_has_a_row_from_the_start(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(JwtLocal, StoredJwt, information="userinfo")
    token = stage.issue("user-7").token
    row_key = f"jti:{read_claims(token)['jti']}"
    row = TokenRow("access", "user-7", "shop", SCOPE, AUDIENCE, 0.0, 300.0)
    assert stage.store.execute(StoreGet(row_key)) == row
    stage.revoke(token)
    assert stage.store.execute(StoreGet(row_key)) == row._replace(revoked_at=0.0)


def test_a_token_without_a_row_is_worth_nothing_to_the_server(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(JwtLocal, StoredJwt)
    claims = read_claims(stage.issue().token)
    stranger = sign_claims({**claims, "jti": "never-stored"}, stage.served[0])
    assert stage.ask("userinfo", HttpRequest(f"Bearer {stranger}")).status == 401
    assert stage.present(stranger).accepted  # the signature is all that a service sees


def test_what_the_row_says_holds_before_what_the_token_says(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(JwtLocal, StoredJwt)
    token = stage.issue().token
    row_key = f"jti:{read_claims(token)['jti']}"
    row = stage.store.execute(StoreGet(row_key))
    assert isinstance(row, TokenRow)
    for change, status in (({}, 200), ({"kind": "refresh"}, 401), ({"expires_at": 50.0}, 401), ({}, 200)):
        stage.store.execute(StorePut(row_key, row._replace(**change)))
        assert stage.at(100.0).ask("userinfo", HttpRequest(f"Bearer {token}")).status == status
    stage.store.execute(StorePut(row_key, row._replace(expires_at=1e9)))
    assert stage.at(300.0).ask("userinfo", HttpRequest(f"Bearer {token}")).status == 401  # no row outlives the token


# --- regions ------------------------------------------------------------------------------------------------------

SECRET = SharedSecret(b"s" * 32, "secret")


def test_a_regional_token_names_its_region_and_garbage_names_none() -> None:
    for region in ("eu", "us-east-1", ""):
        token = make_regional_token(region, b"e" * 32, SECRET)
        assert token.startswith(f"{region}." if region else token)
        assert read_region(token, SECRET) == region
        assert read_region(token, SharedSecret(b"t" * 32, "other")) is None
        for at in range(len(token)):
            assert read_region(token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :], SECRET) is None
    for garbage in ("", "eu.", "eu", "A" * 11, "eu.\ud800", "x" * 1000):
        assert read_region(garbage, SECRET) is None


def regional(make_stage: Callable[..., Stage], home: str, regions: tuple[str, ...] = ("eu", "us")) -> Stage:
    """A stage whose server stands in ``home`` while the validator stands in "us"; calls to "introspect" are counted."""
    stage = make_stage(OpaqueRegional, RegionalReferenceToken)
    told = replace(stage.deployment, regions=regions, region="us")
    stage.validator = OpaqueRegional(stage.settings, told)
    stage.issuer = RegionalReferenceToken(RegionalReferenceToken.Settings(), replace(told, region=home))
    stage.server = replace(stage.server, tokens=stage.issuer)

    def at_home(request: HttpRequest) -> Flow[Reply]:
        return stage._call_endpoint("introspect", request)

    stage.rs.routes[f"introspect@{home}"] = Route(stage.server_host, at_home)
    return stage


@pytest.mark.parametrize("home", ["eu", "us"])
def test_the_server_of_the_region_is_asked(home: str, make_stage: Callable[..., Stage]) -> None:
    stage = regional(make_stage, home)
    token = stage.issue("user-7").token
    assert token.startswith(home + ".")
    assert stage.present_bare(token).claims["sub"] == "user-7"
    assert stage.present_bare(token).accepted
    assert (stage.calls[f"introspect@{home}"], stage.calls["introspect"]) == (1, 0)


def test_garbage_and_unknown_regions_cost_no_call(make_stage: Callable[..., Stage]) -> None:
    stage = regional(make_stage, "eu")
    secret = stage.deployment.shared_secret()
    strangers = [make_regional_token(region, b"e" * 32, secret) for region in ("mars", "")]
    for token in ("garbage", "eu.garbage", stage.issue().token[:-1] + "~", *strangers):
        assert stage.present_bare(token).reason == "inactive"
    assert not [target for target in stage.calls if target.startswith("introspect")]


def test_without_regions_it_asks_like_any_other(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(OpaqueRegional, RegionalReferenceToken)
    token = stage.issue().token
    assert "." not in token
    assert stage.present(token).accepted
    assert stage.present("garbage").reason == "inactive"
    assert stage.calls["introspect"] == 2
    assert OpaqueRegional.list_requirements(OpaqueRegional.Settings()) == {"issuer:regional_reference_token"}
