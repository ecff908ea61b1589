"""Every way to forge, bend or misplace a token is refused, for its own reason; no bytes raise."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from simlib.tokens import (
    ALGORITHMS,
    REQUIRED_CLAIMS,
    Algorithm,
    KeySet,
    SigningKey,
    Verification,
    build_access_token_claims,
    generate_signing_key,
    read_header,
    read_payload,
    sign_access_token,
)

ISSUER, AUDIENCE = "https://as.example", "https://rs.example"


def key_of(algorithm: Algorithm = "ES256") -> SigningKey:
    return generate_signing_key(algorithm, "current")


def claims_of(**changes: Any) -> dict[str, Any]:
    claims = build_access_token_claims(ISSUER, AUDIENCE, "user-1", "app", "read", 0.0, 300.0, "jti-1")
    return {name: value for name, value in {**claims, **changes}.items() if value is not ...}


def verify(token: str, algorithm: Algorithm = "ES256", **changes: Any) -> Any:
    key = key_of(algorithm).verification_key
    return Verification(token, key, (algorithm,), ISSUER, AUDIENCE)._replace(**changes)()


def encoded(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_with(header: Mapping[str, Any], payload: Any = None, algorithm: Algorithm = "ES256") -> str:
    """A token with any header and payload and a signature that really fits, made without `sign_access_token`."""
    first, second = encoded(dict(header)), encoded(claims_of() if payload is None else payload)
    signing = jwt.get_algorithm_by_name(algorithm)
    return f"{first}.{second}.{encoded(signing.sign(f'{first}.{second}'.encode(), key_of(algorithm).private_key))}"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signed_token_holds_and_gives_its_claims(algorithm: Algorithm) -> None:
    token = sign_access_token(claims_of(), key_of(algorithm))
    assert read_header(token) == {"alg": algorithm, "kid": "current", "typ": "at+jwt"}
    assert verify(token, algorithm) == (claims_of(), "")


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_token_with_an_empty_segment_has_no_claims_to_read(left: int) -> None:
    token = sign_access_token(claims_of(), key_of())
    assert read_payload(token) == claims_of()
    segments = token.split(".")
    segments[left] = ""
    assert read_payload(".".join(segments)) is None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_signatures_may_vary_but_sizes_do_not(algorithm: Algorithm) -> None:
    tokens = {sign_access_token(claims_of(), key_of(algorithm)) for _ in range(20)}
    assert len({len(token) for token in tokens}) == 1
    assert len(tokens) == (20 if algorithm in ("ES256", "ES384", "PS256") else 1)  # ECDSA and PSS draw a number each


def test_the_verified_claims_cannot_be_changed() -> None:
    claims = verify(sign_access_token(claims_of(), key_of())).claims
    with pytest.raises(TypeError):
        claims["scope"] = "admin"


def test_an_expired_token_still_verifies_because_time_is_judged_elsewhere() -> None:
    assert verify(sign_access_token(claims_of(exp=1, nbf=10**10, iat=10**10), key_of())).reason == ""


def test_a_key_from_the_wire_verifies_like_the_one_that_was_sent() -> None:
    found = KeySet.from_jwks(KeySet((key_of().verification_key,)).to_jwks()).find("current")
    token = sign_access_token(claims_of(), key_of())
    assert verify(token, key=found).reason == ""
    assert found is not None
    assert hash(Verification(token, found, ("ES256",), ISSUER, AUDIENCE)) == hash(
        Verification(token, key_of().verification_key, ("ES256",), ISSUER, AUDIENCE)
    )


@pytest.mark.parametrize("name", ["none", "None", "NONE", "", None, ["ES256"], 7])
def test_a_token_without_signature_is_refused_by_its_algorithm(name: Any) -> None:
    token = f"{encoded({'alg': name, 'typ': 'at+jwt'})}.{encoded(claims_of())}."
    assert verify(token).reason == "algorithm"
    assert verify(token, algorithms=("none", "ES256")).reason == "algorithm"


@pytest.mark.parametrize(
    "form", [(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), (Encoding.PEM, PublicFormat.PKCS1)]
)
def test_an_hmac_under_the_bytes_of_the_public_key_is_refused(form: tuple[Encoding, PublicFormat]) -> None:
    secret = key_of("RS256").verification_key.public_key.public_bytes(*form)
    signing_input = f"{encoded({'alg': 'HS256', 'kid': 'current', 'typ': 'at+jwt'})}.{encoded(claims_of())}"
    signature = hmac.new(secret, signing_input.encode(), hashlib.sha256).digest()
    token = f"{signing_input}.{encoded(signature)}"
    assert verify(token, "RS256").reason == "algorithm"
    assert verify(token, "RS256", algorithms=("RS256", "HS256")).reason == "algorithm"


def test_a_token_may_not_pick_another_algorithm_than_its_key_has() -> None:
    token = signed_with({"alg": "EdDSA", "typ": "at+jwt"}, algorithm="EdDSA")
    assert verify(token, algorithms=("ES256", "EdDSA")).reason == "algorithm"


def test_a_key_is_not_used_when_the_list_leaves_its_algorithm_out() -> None:
    assert verify(sign_access_token(claims_of(), key_of()), algorithms=("RS256",)).reason == "algorithm"
    assert verify(sign_access_token(claims_of(), key_of()), algorithms=()).reason == "algorithm"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_key_under_the_same_name_is_refused(algorithm: Algorithm) -> None:
    impostor = replace(generate_signing_key(algorithm, "impostor"), kid="current")
    assert verify(sign_access_token(claims_of(), impostor), algorithm).reason == "signature"


@given(st.sampled_from(ALGORITHMS), st.data())
def test_no_altered_character_of_payload_or_signature_passes(algorithm: Algorithm, data: st.DataObject) -> None:
    token = sign_access_token(claims_of(), key_of(algorithm))
    # The last character of a segment holds bits that stand for nothing, which older PyJWT versions do not look at.
    meaningful = [at for at in range(token.index(".") + 1, len(token) - 1) if token[at + 1] != "."]
    position = data.draw(st.sampled_from(meaningful))
    character = data.draw(st.sampled_from("ABCdef019-_").filter(lambda new: new != token[position]))
    altered = token[:position] + character + token[position + 1 :]
    assert verify(altered, algorithm).reason in ("signature", "malformed")


def test_a_payload_with_one_more_right_is_refused() -> None:
    header, _, signature = sign_access_token(claims_of(), key_of()).split(".")
    assert verify(f"{header}.{encoded(claims_of(scope='read write'))}.{signature}").reason == "signature"


def test_a_token_for_others_or_by_others_is_refused() -> None:
    token = sign_access_token(claims_of(), key_of())
    assert verify(token, issuer="https://other.example").reason == "issuer"
    assert verify(token, audience="https://other.example").reason == "audience"
    assert verify(sign_access_token(claims_of(iss=ISSUER + "/"), key_of())).reason == "issuer"
    assert verify(sign_access_token(claims_of(aud=["https://other.example"]), key_of())).reason == "audience"


def test_one_of_several_audiences_is_enough() -> None:
    token = sign_access_token(claims_of(aud=["https://other.example", AUDIENCE]), key_of())
    assert verify(token).reason == ""


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_the_type_of_an_access_token_may_be_written_in_these_ways(typ: str) -> None:
    assert verify(signed_with({"alg": "ES256", "typ": typ})).reason == ""


@pytest.mark.parametrize("typ", ["JWT", "", "jwt", "at+jwt ", "text/at+jwt", None, 3, ["at+jwt"], ...])
def test_a_token_of_another_type_is_refused(typ: Any) -> None:
    header = {"alg": "ES256"} if typ is ... else {"alg": "ES256", "typ": typ}
    assert verify(signed_with(header)).reason == "type"


def test_an_audience_that_expects_plain_tokens_may_say_so() -> None:
    assert verify(signed_with({"alg": "ES256", "typ": "JWT"}), typ="JWT").reason == ""


@pytest.mark.parametrize("missing", REQUIRED_CLAIMS)
def test_each_claim_of_rfc_9068_is_required(missing: str) -> None:
    assert verify(sign_access_token(claims_of(**{missing: ...}), key_of())).reason == "missing_claim"


@pytest.mark.parametrize("crit", [["b64"], ["exp"], [], "exp", None, ["x-unknown"]])
def test_a_critical_extension_is_never_overlooked(crit: Any) -> None:
    header = {"alg": "ES256", "typ": "at+jwt", "crit": crit, "b64": True, "x-unknown": 1}
    assert verify(signed_with(header)).reason == "malformed"


def test_a_key_that_a_header_offers_is_never_used() -> None:
    impostor = generate_signing_key("ES256", "impostor")
    offered = dict(impostor.verification_key.jwk)
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "impostor", "jwk": offered, "jku": "https://evil.example/jwks"}
    forged = jwt.encode(claims_of(), impostor.private_key, algorithm="ES256", headers=header)
    assert verify(forged).reason == "signature"
    assert verify(signed_with(header)).reason == ""  # ours under the same header: the offer decides nothing


@pytest.mark.parametrize("payload", [[], "text", 1, None, b"\xff", b"{", {"iss": [1]}])
def test_a_signed_payload_that_is_no_set_of_claims_is_refused(payload: Any) -> None:
    token = signed_with({"alg": "ES256", "typ": "at+jwt"}, b"null" if payload is None else payload)
    assert verify(token).claims is None


@pytest.mark.parametrize(
    "claims",
    [
        *({"iss": 1}, {"iss": [ISSUER]}, {"aud": 1}, {"aud": [1]}, {"aud": {}}, {"aud": []}, {"sub": 1}, {"jti": 1}),
        *({"aud": [AUDIENCE, 1]}, {"client_id": 7}, {"client_id": ["app"]}, {"client_id": True}, {"client_id": {}}),
    ],
)
def test_a_signed_claim_of_the_wrong_type_is_refused(claims: dict[str, Any]) -> None:
    token = signed_with({"alg": "ES256", "typ": "at+jwt"}, claims_of(**claims))
    assert verify(token).reason in ("issuer", "audience", "malformed", "missing_claim")


GARBAGE = ["", ".", "..", "...", "a", "a.b.c", "é.é.é", "\ud800.a.b", "e30.e30.", "e30=.e30.e30", "\x00", "W10.W10.W10"]


@pytest.mark.parametrize("token", [*GARBAGE, encoded(b"[" * 3000) + ".a.b", "A" * 100_000 + ".a.b"])
def test_garbage_is_malformed(token: str) -> None:
    assert read_header(token) == {}
    assert verify(token) == (None, "malformed")


segments = st.text(max_size=40) | st.binary(max_size=40).map(encoded) | st.text("AQIDe30W1_-=", max_size=20)
headers = st.dictionaries(
    st.sampled_from(["alg", "typ", "kid", "crit", "b64", "x"]),
    st.sampled_from(["ES256", "at+jwt", "none", 1, None, True, [], {}, False]),
).map(lambda extra: encoded({"alg": "ES256", "typ": "at+jwt", **extra}))


@given(st.lists(segments | headers, max_size=5).map(".".join))
def test_no_garbage_raises_or_passes(token: str) -> None:
    read_header(token)
    assert verify(token).claims is None


def test_every_cut_of_a_token_is_refused() -> None:
    token = sign_access_token(claims_of(), key_of())
    assert all(verify(token[:end]).claims is None for end in range(len(token)))
    assert verify(token + "A").claims is None
    assert verify(token + ".A").claims is None


@pytest.mark.parametrize("claims", [{"client_id": 7}, {"aud": 7}, {"aud": {"a": 1}}])
def test_a_server_that_reads_its_own_tokens_judges_types_too(claims: dict[str, Any]) -> None:
    token = signed_with({"alg": "ES256", "typ": "at+jwt"}, claims_of(**claims))
    assert verify(token, audience=None).reason == "malformed"


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _pad(text: str) -> str:
    return text + ("=" * (-len(text) % 4) or "====")


def _set_last_bit(text: str) -> str:
    """The same bytes with a bit behind their end, where there is room for one."""
    return text if len(text) % 4 == 0 else text[:-1] + ALPHABET[ALPHABET.index(text[-1]) | 1]


CHANGES = (lambda text: text + "=", _pad, _set_last_bit, lambda text: text + "\n", lambda text: " " + text)


@pytest.mark.parametrize("length", [0, 1, 2])  # so that there is a segment with and without room behind its bytes
@pytest.mark.parametrize("segment", [0, 1, 2])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_second_text_of_the_same_bytes_is_accepted(algorithm: Algorithm, segment: int, length: int) -> None:
    """Signed as it is presented, so that nothing but its form can be the reason (RFC 7515 section 2)."""
    signing = jwt.get_algorithm_by_name(algorithm)
    filler = "x" * length

    def sign(change: Callable[[str], str]) -> str:
        pieces = [encoded({"alg": algorithm, "typ": "at+jwt", "kid": filler}), encoded(claims_of(x=filler))]
        pieces = [change(piece) if at == segment else piece for at, piece in enumerate(pieces)]
        signature = encoded(signing.sign(".".join(pieces).encode(), key_of(algorithm).private_key))
        return ".".join([*pieces, change(signature) if segment == 2 else signature])

    assert verify(sign(str), algorithm).reason == ""
    for change in CHANGES:
        token = sign(change)
        if not (change is _set_last_bit and len(token.split(".")[segment]) % 4 == 0):
            assert verify(token, algorithm) == (None, "malformed")


@pytest.mark.parametrize("segment", [0, 1, 2])
def test_padding_hides_the_claims_from_a_reader_too(segment: int) -> None:
    segments = sign_access_token(claims_of(), key_of()).split(".")
    segments[segment] = _pad(segments[segment])
    assert read_payload(".".join(segments)) is None
    assert (read_header(".".join(segments)) == {}) == (segment == 0)
