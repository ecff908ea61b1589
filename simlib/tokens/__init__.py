"""Real credentials: keys and key sets, signed access tokens and their claims, opaque references."""

from simlib.tokens.algorithms import (
    ALGORITHMS,
    KEY_CHOICES,
    RSA_ALGORITHMS,
    RSA_BITS,
    SECRET_ALGORITHM,
    Algorithm,
    name_key_choice,
)
from simlib.tokens.authenticated_encryption import seal, unseal
from simlib.tokens.certificates import compute_certificate_thumbprint, make_client_certificate
from simlib.tokens.claims import (
    EPOCH,
    TimeReason,
    build_access_token_claims,
    from_numeric_date,
    has_scope,
    judge_time,
    to_numeric_date,
)
from simlib.tokens.dpop import ProofVerification, VerifiedProof, compute_nonce, generate_proof_key, sign_proof
from simlib.tokens.id_token import (
    ID_TOKEN_CLAIMS,
    ID_TOKEN_TYPE,
    build_id_token_claims,
    judge_id_token,
    make_id_token_verification,
)
from simlib.tokens.introspection_jwt import INTROSPECTION_CLAIMS, INTROSPECTION_TYPE, build_introspection_claims
from simlib.tokens.jwe import (
    KEY_MANAGEMENT,
    DecryptionResult,
    EncryptionKey,
    decrypt,
    encrypt,
    encrypt_text,
    generate_encryption_key,
    is_jwe_available,
)
from simlib.tokens.jws import (
    ACCESS_TOKEN_TYPE,
    REQUIRED_CLAIMS,
    Reason,
    Verification,
    VerificationResult,
    read_header,
    read_payload,
    sign_access_token,
    sign_jwt,
)
from simlib.tokens.keys import (
    KeySet,
    MalformedKeySet,
    SigningKey,
    VerificationKey,
    generate_signing_key,
)
from simlib.tokens.opaque import make_opaque_token, make_store_key
from simlib.tokens.paseto import PasetoVerification, is_paseto_available, read_paseto_kid, sign_paseto
from simlib.tokens.regional_reference import make_regional_token, read_region
from simlib.tokens.session import SESSION_CLAIMS, SESSION_TYPE, make_session_verification, renew_claims
from simlib.tokens.shared_secret import SharedSecret, generate_shared_secret
from simlib.tokens.status_list import STATUS_LIST_TYPE, MalformedStatusList, StatusList

__all__ = [
    "ACCESS_TOKEN_TYPE",
    "ALGORITHMS",
    "EPOCH",
    "ID_TOKEN_CLAIMS",
    "ID_TOKEN_TYPE",
    "INTROSPECTION_CLAIMS",
    "INTROSPECTION_TYPE",
    "KEY_CHOICES",
    "KEY_MANAGEMENT",
    "REQUIRED_CLAIMS",
    "RSA_ALGORITHMS",
    "RSA_BITS",
    "SECRET_ALGORITHM",
    "SESSION_CLAIMS",
    "SESSION_TYPE",
    "STATUS_LIST_TYPE",
    "Algorithm",
    "DecryptionResult",
    "EncryptionKey",
    "KeySet",
    "MalformedKeySet",
    "MalformedStatusList",
    "PasetoVerification",
    "ProofVerification",
    "Reason",
    "SharedSecret",
    "SigningKey",
    "StatusList",
    "TimeReason",
    "Verification",
    "VerificationKey",
    "VerificationResult",
    "VerifiedProof",
    "build_access_token_claims",
    "build_id_token_claims",
    "build_introspection_claims",
    "compute_certificate_thumbprint",
    "compute_nonce",
    "decrypt",
    "encrypt",
    "encrypt_text",
    "from_numeric_date",
    "generate_encryption_key",
    "generate_proof_key",
    "generate_shared_secret",
    "generate_signing_key",
    "has_scope",
    "is_jwe_available",
    "is_paseto_available",
    "judge_id_token",
    "judge_time",
    "make_client_certificate",
    "make_id_token_verification",
    "make_opaque_token",
    "make_regional_token",
    "make_session_verification",
    "make_store_key",
    "name_key_choice",
    "read_header",
    "read_paseto_kid",
    "read_payload",
    "read_region",
    "renew_claims",
    "seal",
    "sign_access_token",
    "sign_jwt",
    "sign_paseto",
    "sign_proof",
    "to_numeric_date",
    "unseal",
]
