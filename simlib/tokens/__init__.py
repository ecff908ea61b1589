"""Real credentials: keys and key sets, signed access tokens and their claims, opaque references."""

from simlib.tokens.algorithms import (
    ALGORITHMS,
    KEY_CHOICES,
    RSA_ALGORITHMS,
    RSA_BITS,
    SECRET_ALGORITHM,
    Algorithm,
    key_choice,
)
from simlib.tokens.claims import (
    EPOCH,
    TimeReason,
    access_token_claims,
    from_numeric_date,
    has_scope,
    judge_time,
    to_numeric_date,
)
from simlib.tokens.jws import (
    ACCESS_TOKEN_TYPE,
    REQUIRED_CLAIMS,
    Reason,
    Verification,
    Verified,
    header_of,
    sign_access_token,
)
from simlib.tokens.keys import (
    KeySet,
    MalformedKeySet,
    SigningKey,
    VerificationKey,
    generate_signing_key,
)
from simlib.tokens.opaque import opaque_token, store_key
from simlib.tokens.shared_secret import SharedSecret, generate_shared_secret

__all__ = [
    "ACCESS_TOKEN_TYPE",
    "ALGORITHMS",
    "EPOCH",
    "KEY_CHOICES",
    "REQUIRED_CLAIMS",
    "RSA_ALGORITHMS",
    "RSA_BITS",
    "SECRET_ALGORITHM",
    "Algorithm",
    "KeySet",
    "MalformedKeySet",
    "Reason",
    "SharedSecret",
    "SigningKey",
    "TimeReason",
    "Verification",
    "VerificationKey",
    "Verified",
    "access_token_claims",
    "from_numeric_date",
    "generate_shared_secret",
    "generate_signing_key",
    "has_scope",
    "header_of",
    "judge_time",
    "key_choice",
    "opaque_token",
    "sign_access_token",
    "store_key",
    "to_numeric_date",
]
