"""The operations beyond plain tokens: proofs of possession, status lists, sealing, passwords, JWE and PASETO."""

import hashlib
import hmac
import json
import random
from typing import Any

from simlib.calibration.clock import Operation
from simlib.calibration.inputs import AUDIENCE, DIFFERENT, ISSUER, claims_of, each
from simlib.tokens import (
    KEY_MANAGEMENT,
    PasetoVerification,
    ProofVerification,
    StatusList,
    decrypt,
    encrypt,
    generate_encryption_key,
    generate_signing_key,
    jwe_is_available,
    opaque_token,
    paseto_is_available,
    paseto_kid,
    proof_key,
    seal,
    sign_access_token,
    sign_paseto,
    sign_proof,
    unseal,
)

ENTRIES = 100_000
"""Places in the measured status list: as many as one has where nothing else is chosen."""
REVOKED = 64
"""Places in it that are taken by revoked tokens, and rows in the answer of ``store.*.list``."""
PASSWORD = "user.authenticate"
HASH, ROUNDS = "sha512", 210_000
"""PBKDF2 as OWASP has it for HMAC-SHA-512, and as Keycloak 24 does it by default."""

LIST_URI = f"{ISSUER}/statuslists/0123456789abcdef"
_LIMIT = 1_000_000  # bytes that a list may unpack to


def protocol_operations() -> list[Operation]:
    """Every further operation that needs no optional package; the keys are made here."""
    return [*_proof_operations(), *_status_list_operations(), *_sealing_operations(), _password_operation()]


def optional_operations() -> list[Operation]:
    """Those of encrypted JWTs and of PASETO, as far as their packages are installed."""
    operations = [*_paseto_operations()] if paseto_is_available() else []
    if jwe_is_available():
        for algorithm in KEY_MANAGEMENT:
            operations += _encryption_operations(algorithm)
    return operations


def _proof_operations() -> list[Operation]:
    """Each client has its own key, so the server reads another one with every proof."""
    method, uri = "GET", f"{AUDIENCE}/orders"
    signed = generate_signing_key("ES256", "calibration")
    keys = [proof_key() for _ in range(DIFFERENT)]
    tokens = [sign_access_token(claims_of(number), signed) for number in range(DIFFERENT)]

    def sign(number: int) -> str:
        return sign_proof(keys[number], method, uri, number, f"{number:032x}", tokens[number])

    proofs = [ProofVerification(sign(number), method, uri, tokens[number]) for number in range(DIFFERENT)]
    return [
        Operation("dpop.sign", each(sign, range(DIFFERENT))),
        Operation("dpop.verify", each(ProofVerification.as_shipped, proofs)),
    ]


def _status_list_operations() -> list[Operation]:
    """Making the claim from the rows of revoked tokens, and reading it; the signature of the list is ``jwt.*``."""
    chosen = random.Random(1)
    places = [sorted(chosen.sample(range(ENTRIES), REVOKED)) for _ in range(DIFFERENT)]
    details = [[_details(place) for place in some] for some in places]

    def build(rows: list[str]) -> dict[str, Any]:
        indexes = (json.loads(row)["claims"]["status"]["status_list"]["idx"] for row in rows)
        return StatusList.of(ENTRIES, indexes).to_claim()

    def parse(claim: dict[str, Any]) -> StatusList:
        return StatusList.from_claim(claim, _LIMIT)

    claims = [build(rows) for rows in details]
    return [
        Operation("status_list.build", each(build, details)),
        Operation("status_list.parse", each(parse, claims)),
    ]


def _details(place: int) -> str:
    return json.dumps({"claims": {"status": {"status_list": {"idx": place, "uri": LIST_URI}}}}, separators=(",", ":"))


def _sealing_operations() -> list[Operation]:
    """What the row of a rotated refresh token holds sealed: the family's secret and a JWT access token."""
    key = generate_signing_key("ES256", "calibration")
    nonce = b"n" * 12  # the texts are thrown away, so nobody gains from a nonce that comes twice
    inputs = [
        (*(opaque_token(hashlib.sha256(f"{name}{number}".encode()).digest()) for name in ("token", "family")), access)
        for number, access in ((number, sign_access_token(claims_of(number), key)) for number in range(DIFFERENT))
    ]

    def write(texts: tuple[str, str, str]) -> str:
        token, secret, access = texts
        return json.dumps({"root": seal(token, secret, nonce), "access": seal(secret, access, nonce)})

    def read(texts: tuple[str, str]) -> str | None:
        return unseal(*texts)

    sealed = [(secret, seal(secret, access, nonce)) for _, secret, access in inputs]
    return [Operation("token.seal", each(write, inputs)), Operation("token.unseal", each(read, sealed))]


def _password_operation() -> Operation:
    """The password of a user against its hash. It takes so long on purpose that it is done a few times only."""
    kept = hashlib.pbkdf2_hmac(HASH, b"correct horse battery staple", b"s" * 16, ROUNDS)

    def authenticate() -> bool:
        return hmac.compare_digest(hashlib.pbkdf2_hmac(HASH, b"correct horse battery staple", b"s" * 16, ROUNDS), kept)

    return Operation(PASSWORD, authenticate, rare=True)


def _encryption_operations(algorithm: str) -> list[Operation]:
    signing, key = generate_signing_key("ES256", "calibration"), generate_encryption_key(algorithm, "calibration")
    tokens = [sign_access_token(claims_of(number), signing) for number in range(DIFFERENT)]
    encrypted = [encrypt(token, key) for token in tokens]
    return [
        Operation(f"jwe.encrypt.{algorithm}", each(lambda token: encrypt(token, key), tokens)),
        Operation(f"jwe.decrypt.{algorithm}", each(lambda token: decrypt(token, key), encrypted)),
    ]


def _paseto_operations() -> list[Operation]:
    key = generate_signing_key("EdDSA", "calibration")
    keys = {key.kid: key.verification_key}
    claims = [claims_of(number) for number in range(DIFFERENT)]

    def verify(token: str) -> object:
        return PasetoVerification(token, keys[str(paseto_kid(token))], ISSUER, AUDIENCE)()

    return [
        Operation("paseto.sign", each(lambda claim_set: sign_paseto(claim_set, key), claims)),
        Operation("paseto.verify", each(verify, [sign_paseto(claim_set, key) for claim_set in claims])),
    ]
