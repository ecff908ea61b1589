"""The operations of a profile that need no network: credentials, codecs and look-ups, on inputs of real size."""

import base64
import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode

from simlib.calibration.clock import Operation
from simlib.calibration.inputs import (
    AUDIENCE,
    DIFFERENT,
    ISSUER,
    LIFETIME,
    SCOPE,
    claims_of,
    each,
    many_claims_of,
)
from simlib.calibration.protocol_operations import optional_operations, protocol_operations
from simlib.scenario.profile import MANY_CLAIMS
from simlib.tokens import (
    KEY_CHOICES,
    KeySet,
    SharedSecret,
    SigningKey,
    Verification,
    generate_shared_secret,
    generate_signing_key,
    has_scope,
    header_of,
    judge_time,
    opaque_token,
    sign_access_token,
    store_key,
)


def pure_operations() -> list[Operation]:
    """Every operation without state of its own; the keys are made here."""
    operations = [*_opaque_operations(), *_codec_operations(), *_check_operations()]
    operations += _jwt_operations(generate_shared_secret("calibration"))
    for choice in KEY_CHOICES:
        operations += _jwt_operations(generate_signing_key(choice, "calibration"))
    return [*operations, *_key_set_operations(), *protocol_operations(), *optional_operations()]


def _jwt_operations(key: SigningKey | SharedSecret) -> list[Operation]:
    """Sign and verify with one key, with ten claims and with forty (`simlib.scenario.profile` tells the names)."""
    few, many = ([claims(number) for number in range(DIFFERENT)] for claims in (claims_of, many_claims_of))
    return [*_sign_and_verify(key, few, ""), *_sign_and_verify(key, many, MANY_CLAIMS)]


def _sign_and_verify(key: SigningKey | SharedSecret, claims: list[dict[str, Any]], ending: str) -> list[Operation]:
    keys = {key.kid: key.verification_key}
    tokens = [sign_access_token(claim_set, key) for claim_set in claims]

    def sign(claim_set: dict[str, Any]) -> str:
        return sign_access_token(claim_set, key)

    def verify(token: str) -> object:
        found = keys.get(header_of(token)["kid"])
        return found and Verification(token, found, (key.algorithm,), ISSUER, AUDIENCE).as_shipped()

    return [
        Operation(f"jwt.sign.{key.choice}{ending}", each(sign, claims)),
        Operation(f"jwt.verify.{key.choice}{ending}", each(verify, tokens)),
    ]


def _key_set_operations() -> list[Operation]:
    keys = [generate_signing_key("RS256", "calibration"), generate_signing_key("RS256", "next")]
    key_set = KeySet(tuple(key.verification_key for key in keys))
    body = key_set.to_jwks()
    return [
        Operation("jwks.parse", lambda: KeySet.from_jwks(body)),
        Operation("jwks.serve", key_set.to_jwks),
    ]


def _opaque_operations() -> list[Operation]:
    tokens = [opaque_token(secrets.token_bytes(32)) for _ in range(DIFFERENT)]
    return [
        Operation("opaque.issue", lambda: store_key(opaque_token(secrets.token_bytes(32)))),
        Operation("token.hash", each(store_key, tokens)),
    ]


def _codec_operations() -> list[Operation]:
    answers = [{"active": True, "token_type": "Bearer", **claims_of(number)} for number in range(DIFFERENT)]
    bodies = [json.dumps(answer, separators=(",", ":")).encode() for answer in answers]
    forms = [
        {
            "grant_type": "authorization_code",
            "code": opaque_token(hashlib.sha256(b"%d" % number).digest()),
            "redirect_uri": "https://shop.example.org/callback",
            "code_verifier": opaque_token(hashlib.sha256(b"v%d" % number).digest()),
        }
        for number in range(DIFFERENT)
    ]
    encoded = [urlencode(form) for form in forms]
    return [
        Operation("json.encode", each(lambda answer: json.dumps(answer, separators=(",", ":")).encode(), answers)),
        Operation("json.decode", each(json.loads, bodies)),
        Operation("form.encode", each(lambda form: urlencode(form).encode(), forms)),
        Operation("form.decode", each(parse_qs, encoded)),
    ]


def _check_operations() -> list[Operation]:
    all_claims = [claims_of(number) for number in range(DIFFERENT)]
    secret_hash = hashlib.sha256(b"s" * 43).digest()
    header = "Basic " + base64.b64encode(b"web-shop:" + b"s" * 43).decode()
    names = [f"{number:064x}" for number in range(10_000)]
    cache = OrderedDict.fromkeys(names)
    ticks = count()

    def authenticate() -> bool:
        _, _, credentials = header.partition(" ")
        _, _, secret = base64.b64decode(credentials, validate=True).partition(b":")
        return hmac.compare_digest(hashlib.sha256(secret).digest(), secret_hash)

    def check(claims: dict[str, Any]) -> bool:
        return judge_time(claims, next(ticks) % DIFFERENT + LIFETIME / 2, 0.0) is None and has_scope(claims, SCOPE)

    def look_up(name: str) -> bool:
        hit = name in cache
        if hit:
            cache.move_to_end(name)
        return hit

    return [
        Operation("client.authenticate", authenticate),
        Operation("claims.check", each(check, all_claims)),
        Operation("cache.lookup", each(look_up, names[::7])),
    ]
