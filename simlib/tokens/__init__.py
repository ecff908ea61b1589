"""Real credentials: keys and key sets, signed access tokens and their claims, opaque references."""

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
    ALGORITHMS,
    Algorithm,
    KeySet,
    MalformedKeySet,
    SigningKey,
    VerificationKey,
    generate_signing_key,
)
from simlib.tokens.opaque import opaque_token, store_key

__all__ = [
    "ACCESS_TOKEN_TYPE",
    "ALGORITHMS",
    "EPOCH",
    "REQUIRED_CLAIMS",
    "Algorithm",
    "KeySet",
    "MalformedKeySet",
    "Reason",
    "SigningKey",
    "TimeReason",
    "Verification",
    "VerificationKey",
    "Verified",
    "access_token_claims",
    "from_numeric_date",
    "generate_signing_key",
    "has_scope",
    "header_of",
    "judge_time",
    "opaque_token",
    "sign_access_token",
    "store_key",
    "to_numeric_date",
]
