"""Operations beyond plain tokens: proofs of possession, status lists, sealing and passwords."""

import hashlib
import hmac
import json
import random
from typing import Any

from simlib.calibration.clock import Operation
from simlib.calibration.inputs import AUDIENCE, DIFFERENT, ISSUER, cycle_inputs, make_claims
from simlib.tokens import (
    ProofVerification,
    StatusList,
    generate_proof_key,
    generate_signing_key,
    make_opaque_token,
    seal,
    sign_access_token,
    sign_proof,
    unseal,
)

ENTRIES = 100_000
"""Places in the measured status list: the default number."""
REVOKED = 64
"""Places in it that are taken by revoked tokens, and rows in the answer of ``store.*.list``."""
PASSWORD = "user.authenticate"
HASH, ROUNDS = "sha512", 210_000
"""PBKDF2 as OWASP recommends it for HMAC-SHA-512, and the default of Keycloak 24."""

LIST_URI = f"{ISSUER}/statuslists/0123456789abcdef"
_LIMIT = 1_000_000  # bytes that a list may unpack to


def list_protocol_operations() -> list[Operation]:
    """List every further operation that needs no optional package; the keys are made here."""
    return [
        *_list_proof_operations(),
        *_list_status_list_operations(),
        *_list_sealing_operations(),
        _make_password_operation(),
    ]


def _list_proof_operations() -> list[Operation]:
    """List signing and verifying of proofs. Each client has its own key, so the server reads another one each time."""
    method, uri = "GET", f"{AUDIENCE}/orders"
    signed = generate_signing_key("ES256", "calibration")
    keys = [generate_proof_key() for _ in range(DIFFERENT)]
    tokens = [sign_access_token(make_claims(number), signed) for number in range(DIFFERENT)]

    def sign(number: int) -> str:
        return sign_proof(keys[number], method, uri, number, f"{number:032x}", tokens[number])

    proofs = [ProofVerification(sign(number), method, uri, tokens[number]) for number in range(DIFFERENT)]
    return [
        Operation("dpop.sign", cycle_inputs(sign, range(DIFFERENT))),
        Operation("dpop.verify", cycle_inputs(ProofVerification.as_shipped, proofs)),
    ]


def _list_status_list_operations() -> list[Operation]:
    """List building the claim from rows of revoked tokens, and parsing it; the signature of the list is ``jwt.*``."""
    chosen = random.Random(1)
    places = [sorted(chosen.sample(range(ENTRIES), REVOKED)) for _ in range(DIFFERENT)]
    details = [[_make_details(place) for place in revoked] for revoked in places]

    def build(rows: list[str]) -> dict[str, Any]:
        indexes = (json.loads(row)["claims"]["status"]["status_list"]["idx"] for row in rows)
        return StatusList.create(ENTRIES, indexes).to_claim()

    def parse(claim: dict[str, Any]) -> StatusList:
        return StatusList.from_claim(claim, _LIMIT)

    claims = [build(rows) for rows in details]
    return [
        Operation("status_list.build", cycle_inputs(build, details)),
        Operation("status_list.parse", cycle_inputs(parse, claims)),
    ]


def _make_details(place: int) -> str:
    return json.dumps({"claims": {"status": {"status_list": {"idx": place, "uri": LIST_URI}}}}, separators=(",", ":"))


def _list_sealing_operations() -> list[Operation]:
    """List sealing of the family's secret and a JWT access token, as in the row of a rotated refresh token."""
    key = generate_signing_key("ES256", "calibration")
    nonce = b"n" * 12  # the texts are discarded, so a repeated nonce does no harm
    inputs = [
        (
            *(make_opaque_token(hashlib.sha256(f"{name}{number}".encode()).digest()) for name in ("token", "family")),
            access,
        )
        for number, access in ((number, sign_access_token(make_claims(number), key)) for number in range(DIFFERENT))
    ]

    def write(texts: tuple[str, str, str]) -> str:
        token, secret, access = texts
        return json.dumps({"root": seal(token, secret, nonce), "access": seal(secret, access, nonce)})

    def read(texts: tuple[str, str]) -> str | None:
        return unseal(*texts)

    sealed = [(secret, seal(secret, access, nonce)) for _, secret, access in inputs]
    return [Operation("token.seal", cycle_inputs(write, inputs)), Operation("token.unseal", cycle_inputs(read, sealed))]


def _make_password_operation() -> Operation:
    """Make the check of a password against its hash. It is slow on purpose, so it is run a few times only."""
    stored_hash = hashlib.pbkdf2_hmac(HASH, b"correct horse battery staple", b"s" * 16, ROUNDS)

    def authenticate() -> bool:
        return hmac.compare_digest(
            hashlib.pbkdf2_hmac(HASH, b"correct horse battery staple", b"s" * 16, ROUNDS), stored_hash
        )

    return Operation(PASSWORD, authenticate, rare=True)
