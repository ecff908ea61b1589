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
from simlib.tokens.certificates import certificate_thumbprint, client_certificate
from simlib.tokens.claims import (
    EPOCH,
    TimeReason,
    access_token_claims,
    from_numeric_date,
    has_scope,
    judge_time,
    to_numeric_date,
)
from simlib.tokens.dpop import ProofVerification, VerifiedProof, nonce_at, proof_key, sign_proof
from simlib.tokens.id_token import (
    ID_TOKEN_CLAIMS,
    ID_TOKEN_TYPE,
    id_token_claims,
    id_token_verification,
    judge_id_token,
)
from simlib.tokens.introspection_jwt import INTROSPECTION_CLAIMS, INTROSPECTION_TYPE, introspection_claims
from simlib.tokens.jwe import (
    KEY_MANAGEMENT,
    Decrypted,
    EncryptionKey,
    decrypt,
    encrypt,
    encrypt_to,
    generate_encryption_key,
    jwe_is_available,
)
from simlib.tokens.jws import (
    ACCESS_TOKEN_TYPE,
    REQUIRED_CLAIMS,
    Reason,
    Verification,
    Verified,
    header_of,
    payload_of,
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
from simlib.tokens.opaque import opaque_token, store_key
from simlib.tokens.paseto import PasetoVerification, paseto_is_available, paseto_kid, sign_paseto
from simlib.tokens.regional import region_of, regional_token
from simlib.tokens.sealing import seal, unseal
from simlib.tokens.session import SESSION_CLAIMS, SESSION_TYPE, renewed_claims, session_verification
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
    "Decrypted",
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
    "Verified",
    "VerifiedProof",
    "access_token_claims",
    "certificate_thumbprint",
    "client_certificate",
    "decrypt",
    "encrypt",
    "encrypt_to",
    "from_numeric_date",
    "generate_encryption_key",
    "generate_shared_secret",
    "generate_signing_key",
    "has_scope",
    "header_of",
    "id_token_claims",
    "id_token_verification",
    "introspection_claims",
    "judge_id_token",
    "judge_time",
    "jwe_is_available",
    "key_choice",
    "nonce_at",
    "opaque_token",
    "paseto_is_available",
    "paseto_kid",
    "payload_of",
    "proof_key",
    "region_of",
    "regional_token",
    "renewed_claims",
    "seal",
    "session_verification",
    "sign_access_token",
    "sign_jwt",
    "sign_paseto",
    "sign_proof",
    "store_key",
    "to_numeric_date",
    "unseal",
]
