"""Operations of a profile that need no network: credentials, codecs and look-ups, on inputs of real size."""

import base64
import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlencode

from simlib.calibration.clock import Operation
from simlib.calibration.format_operations import list_optional_operations
from simlib.calibration.inputs import (
    AUDIENCE,
    DIFFERENT,
    ISSUER,
    LIFETIME,
    SCOPE,
    cycle_inputs,
    make_claims,
    make_many_claims,
)
from simlib.calibration.protocol_operations import list_protocol_operations
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
    judge_time,
    make_opaque_token,
    make_store_key,
    read_header,
    sign_access_token,
)


def list_pure_operations() -> list[Operation]:
    """List every operation without state of its own; the keys are made here."""
    operations = [*_list_opaque_operations(), *_list_codec_operations(), *_list_check_operations()]
    operations += _list_jwt_operations(generate_shared_secret("calibration"))
    for choice in KEY_CHOICES:
        operations += _list_jwt_operations(generate_signing_key(choice, "calibration"))
    return [*operations, *_list_key_set_operations(), *list_protocol_operations(), *list_optional_operations()]


def _list_jwt_operations(key: SigningKey | SharedSecret) -> list[Operation]:
    """List signing and verifying with one key, with ten claims and with forty (names: `simlib.scenario.profile`)."""
    few, many = ([claims(number) for number in range(DIFFERENT)] for claims in (make_claims, make_many_claims))
    return [*_list_sign_and_verify(key, few, ""), *_list_sign_and_verify(key, many, MANY_CLAIMS)]


def _list_sign_and_verify(key: SigningKey | SharedSecret, claims: list[dict[str, Any]], ending: str) -> list[Operation]:
    keys = {key.kid: key.verification_key}
    tokens = [sign_access_token(claim_set, key) for claim_set in claims]

    def sign(claim_set: dict[str, Any]) -> str:
        return sign_access_token(claim_set, key)

    def verify(token: str) -> object:
        verification_key = keys.get(read_header(token)["kid"])
        return (
            verification_key and Verification(token, verification_key, (key.algorithm,), ISSUER, AUDIENCE).as_shipped()
        )

    return [
        Operation(f"jwt.sign.{key.choice}{ending}", cycle_inputs(sign, claims)),
        Operation(f"jwt.verify.{key.choice}{ending}", cycle_inputs(verify, tokens)),
    ]


def _list_key_set_operations() -> list[Operation]:
    keys = [generate_signing_key("RS256", "calibration"), generate_signing_key("RS256", "next")]
    key_set = KeySet(tuple(key.verification_key for key in keys))
    body = key_set.to_jwks()
    return [
        Operation("jwks.parse", lambda: KeySet.from_jwks(body)),
        Operation("jwks.serve", key_set.to_jwks),
    ]


def _list_opaque_operations() -> list[Operation]:
    tokens = [make_opaque_token(secrets.token_bytes(32)) for _ in range(DIFFERENT)]
    return [
        Operation("opaque.issue", lambda: make_store_key(make_opaque_token(secrets.token_bytes(32)))),
        Operation("token.hash", cycle_inputs(make_store_key, tokens)),
    ]


def _list_codec_operations() -> list[Operation]:
    answers = [{"active": True, "token_type": "Bearer", **make_claims(number)} for number in range(DIFFERENT)]
    bodies = [json.dumps(answer, separators=(",", ":")).encode() for answer in answers]
    forms = [
        {
            "grant_type": "authorization_code",
            "code": make_opaque_token(hashlib.sha256(b"%d" % number).digest()),
            "redirect_uri": "https://shop.example.org/callback",
            "code_verifier": make_opaque_token(hashlib.sha256(b"v%d" % number).digest()),
        }
        for number in range(DIFFERENT)
    ]
    encoded = [urlencode(form) for form in forms]
    return [
        Operation(
            "json.encode", cycle_inputs(lambda answer: json.dumps(answer, separators=(",", ":")).encode(), answers)
        ),
        Operation("json.decode", cycle_inputs(json.loads, bodies)),
        Operation("form.encode", cycle_inputs(lambda form: urlencode(form).encode(), forms)),
        Operation("form.decode", cycle_inputs(parse_qs, encoded)),
    ]


def _list_check_operations() -> list[Operation]:
    all_claims = [make_claims(number) for number in range(DIFFERENT)]
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
        Operation("claims.check", cycle_inputs(check, all_claims)),
        Operation("cache.lookup", cycle_inputs(look_up, names[::7])),
    ]


PATHS: Mapping[str, tuple[str, ...]] = {
    "path of a JWT at the resource server": ("jwt.verify.RS256", "claims.check"),
    "path of an introspection at the authorization server": (
        "form.decode",
        "client.authenticate",
        "token.hash",
        "store.dict.get",
        "json.encode",
    ),
}
"""Name -> the operations that a server runs one after the other within one request."""


def add_paths(operations: Sequence[Operation]) -> list[Operation]:
    """Add one operation for each path after the others."""
    runs = {operation.name: operation.run for operation in operations}

    def run(parts: tuple[str, ...]) -> None:
        for part in parts:
            runs[part]()

    return [*operations, *(Operation(name, partial(run, parts)) for name, parts in PATHS.items())]


def compare_paths(samples: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Compute, for each path, the sum of its parts' medians over the median of the whole; 1 for disjoint parts."""
    return {
        name: sum(median(samples[part]) for part in parts) / median(samples[name])
        for name, parts in PATHS.items()
        if name in samples
    }
