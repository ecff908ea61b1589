"""Definitions of simlib that are the code of each part: read from the catalogue and from their imports."""

import sys
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from definition_units import Package, Table, Unit  # this folder is no package

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("strategies", "services", "flows", "tokens")
UNITS: Table = {
    "flows/authorization_code.py": {
        "authorization_code": ("AuthorizationCode",),
        "front_channel": (
            *("STATE_BYTES", "Safeguards", "ALL", "SignIn", "begin_sign_in", "sign_in", "read_code"),
            *("_find_mismatch", "redeem_code"),
        ),
        "pkce": ("VERIFIER_BYTES", "ProofKey", "make_proof_key", "encode_base64url"),
    },
    "flows/back_channel.py": {
        "client_credentials": ("ClientCredentials",),
        "refresh_token": ("RefreshToken",),
        "token_exchange": ("TOKEN_EXCHANGE", "ACCESS_TOKEN", "TokenExchange"),
    },
    "flows/backend_for_frontend.py": {
        "backend_for_frontend": ("BackendForFrontend", "_read_json"),
        "backend": ("SCHEME", "SESSION_BYTES", "SessionOpener", "RequestForwarder", "Backend", "_reply_json"),
    },
    "flows/base.py": {
        "token_request": (
            *("TOKEN_TYPES", "post_form", "request_token", "parse_token_response", "encode_form"),
            *("parse_parameters", "parse_json", "_make_authorization", "_parse_query", "_read_text"),
        ),
    },
    "scenario/effects.py": {"verdict": ("Verdict",)},
    "services/authorization_code.py": {
        "authorize": (
            "_CHALLENGE",
            "_AuthorizationRequest",
            "authorize",
            "_find_error",
            "_issue_code",
            "_make_code",
            "_redirect",
        ),
        "authorization_code": (
            *("CODE_LIFETIME_S", "_VERIFIER", "make_code_key", "compute_challenge"),
            *("redeem_authorization_code", "_is_proven"),
        ),
    },
    "services/device_authorization.py": {
        "device_authorization": (
            *("DEVICE_CODE", "DEVICE_CODE_LIFETIME_S", "INTERVAL_S", "LETTERS", "_HALF_LENGTH", "_DeviceCodes"),
            *("make_user_code_key", "authorize_device", "_make_codes", "_encode_details"),
        ),
        "device_verification": ("DECISIONS", "verify_user_code"),
        "device_code": (
            *("SLOW_DOWN_S", "make_device_key", "make_decision_key", "redeem_device_code"),
            *("_record_poll", "_redeem_decision"),
        ),
    },
    "services/machine_to_machine.py": {
        "client_credentials": ("redeem_client_credentials",),
        "token_exchange": ("ACCESS_TOKEN", "_Refusal", "exchange_token", "_inspect_token"),
    },
    "services/revocation.py": {
        "revoke": ("revoke", "_revoke_refresh_token"),
        "revocations": (
            *("JTI_PREFIX", "list_revocations", "_find_jti", "_build_entry", "_encode_entries"),
            *("_parse_instant", "_parse_seconds", "_parse_number"),
        ),
        "status_list": ("serve_status_list",),
    },
    "services/token_endpoint.py": {"token": ("redeem_grant",)},
    "services/token_verification.py": {
        "introspect": (
            *("JWT", "SIGNED_ANSWER", "introspect", "_introspect", "_build_claims", "_reply_phantom_token"),
            *("_reply_signed",),
        ),
        "jwks": ("serve_jwks",),
    },
    "services/userinfo.py": {
        "userinfo": ("serve_userinfo",),
        "user_claims": ("CLAIMS", "list_claim_names", "make_user_claims", "_make_value"),
    },
    "strategies/base.py": {
        "settings_checks": (
            *("check_positive", "check_at_least", "check_numbers", "check_share", "check_one_of", "check_each_of"),
            "check_package",
        ),
    },
    "strategies/caches.py": {
        "expiring_cache": ("T", "CacheEntry", "ExpiringCache"),
        "cache_backends": (
            *("CacheBackend", "LocalCacheBackend", "SharedCacheBackend", "_LOOKUP", "_encode_entry", "_decode_entry"),
        ),
        "answer_cache": ("AnswerCache",),
        "cache_end": ("compute_cache_end",),
    },
    "strategies/circuit_breaker.py": {
        "circuit_breaker": ("CircuitBreaker", "_GuardedValidator", "_send_guarded"),
        "breaker": ("State", "CircuitBreakerSettings", "Breaker"),
    },
    "strategies/denylist.py": {
        "denylist": (
            *("KEPT_AFTER_EXPIRY_S", "DenylistEntry", "Denylist", "find_token_identity", "read_denylist_entry"),
            *("refuse_denied", "refuse_unidentified"),
        ),
        "denylist_wrapper": ("DenylistSettings", "DenylistWrapper", "DenylistValidator"),
    },
    "strategies/dpop_proofs.py": {
        "dpop_replay": ("ReplayCache",),
        "dpop_proofs": ("Refusal", "DpopSettings", "ProofVerdict", "ProofVerifier", "_draw_busy"),
    },
    "strategies/encrypted_jwt.py": {
        "encrypted_issuer": ("EncryptedJwtIssuerSettings", "EncryptedJwtIssuer"),
        "encrypted_validator": ("EncryptedJwtValidatorSettings", "EncryptedJwtValidator"),
        "encryption_settings": ("EncryptionSettings",),
    },
    "strategies/introspection_client.py": {
        "introspection": (
            *("Introspection", "format_basic_authorization", "request_introspection", "introspect"),
            *("judge_answer", "parse_json_object", "ServerClock", "OWN_CLOCK", "read_server_clock", "AnswerSettings"),
            *("find_own_leeway", "compute_expiry_bound"),
        ),
        "signed_answers": ("JWT", "_INACTIVE", "exchange_for_jwt", "read_jwt"),
    },
    "strategies/issuing.py": {
        "issued_claims": (
            *("ROW_CLAIMS", "build_further_claims", "find_user_claims", "build_claims"),
            *("encode_details", "build_row"),
        ),
        "confirmation_claim": ("bind_server", "bind_grant", "read_confirmation"),
        "self_contained_issuer": ("SelfContainedIssuer", "format_jti_key"),
    },
    "strategies/jwks_client.py": {
        "jwks_client": ("_NO_KEYS", "KeyCache", "JwksClient", "_parse", "_decode"),
        "jwks_settings": ("CooldownFrom", "JwksSettings"),
    },
    "strategies/jwt_access_token.py": {
        "jwt_access_token": ("JwtAccessTokenSettings", "JwtAccessToken", "_name_choice"),
        "stored_jwt": ("StoredJwt",),
    },
    "strategies/lightweight_jwt.py": {
        "lightweight_issuer": ("LightweightJwtIssuer", "_without_user"),
        "lightweight_validator": ("LightweightJwtValidatorSettings", "LightweightState", "LightweightJwtValidator"),
    },
    "strategies/pass_through.py": {
        "relay": ("RelaySettings", "Relay"),
        "pass_through": ("PassThroughSettings", "PassThrough"),
    },
    "strategies/paseto.py": {
        "paseto_issuer": ("KEY_CHOICE", "PasetoIssuerSettings", "PasetoIssuer"),
        "paseto_validator": ("PasetoValidatorSettings", "PasetoValidator"),
    },
    "strategies/reference_token.py": {
        "reference_token": ("ReferenceTokenSettings", "_encode_token", "ReferenceToken"),
        "signing_reference_token": ("SigningReferenceTokenSettings", "SigningReferenceToken"),
    },
    "strategies/regional_tokens.py": {
        "opaque_regional": ("OpaqueRegional",),
        "regional_reference_token": ("RegionalReferenceToken",),
    },
    "strategies/retry.py": {
        "retry": ("Retry",),
        "client_retry": ("ClientRetrySettings", "ClientRetry", "_RetryingPresenter"),
        "retry_call": ("OPERATIONS", "RetrySettings", "RetryBudget", "retry_call", "is_worth_retrying"),
    },
    "strategies/session_jwt.py": {
        "session_validator": ("SessionJwtValidatorSettings", "SessionJwtValidator", "_is_whole_number"),
        "session_issuer": ("SessionJwtIssuerSettings", "SessionJwtIssuer"),
    },
    "strategies/signing.py": {
        "signing": ("check_key", "Signer"),
        "jwt_operations": (
            *("_SUBJECT", "_CLIENT", "_JTI", "name_signing", "name_verification", "count_payload_bytes"),
        ),
    },
    "strategies/split_token.py": {
        "split_token": ("SplitTokenIssuerSettings", "SplitTokenIssuer"),
        "split_messages": (
            *("REVOKED", "_KEY_LENGTH", "_ANY_SIGNATURE", "format_shared_key", "read_half", "read_push"),
        ),
        "split_token_gateway": ("SplitTokenGatewaySettings", "SplitTokenGateway", "_join"),
    },
    "strategies/status_list_server.py": {
        "status_list_server": (
            *("PATH", "read_status_reference", "StatusIndexIssuer", "StatusListEndpoint"),
            *("_build_claim", "_iterate_indexes"),
        ),
        "status_list_settings": ("StatusListSettings",),
    },
    "strategies/verdicts.py": {
        "refusals": (
            *("refuse_missing_token", "refuse_invalid_token", "refuse_insufficient_scope", "refuse_unavailable"),
        ),
        "claims_judgement": (
            *("CLAIMS_CHECK", "judge_claims", "AtExpiry", "_AT_EXPIRY_S", "ClaimTimeSettings", "judge_claim_times"),
            *("combine_verdicts", "has_ended"),
        ),
        "confirmation": ("confirm_verdict",),
    },
    "strategies/wrappers.py": {
        "validator_wrapper": ("WrapperState", "ValidatorWrapper", "passes_other_credential"),
        "issuer_wrapper": ("IssuerWrapper", "JwtIssuerWrapper"),
        "presenter_wrapper": ("T", "PresenterWrapper"),
        "call_wrapper": ("ReplicaCallSender", "CallWrapper"),
    },
    "tokens/certificates.py": {
        "certificate": ("VALID_FROM", "VALID_TO", "make_server_certificate"),
        "client_certificate": ("make_client_certificate", "compute_certificate_thumbprint"),
    },
    "tokens/jws.py": {
        "jws": (
            *("ACCESS_TOKEN_TYPE", "REQUIRED_CLAIMS", "LONGEST_HEADER", "Reason", "_NO_HEADER", "_ANY_AUDIENCE"),
            *("_STOCK", "_QUICK", "sign_jwt", "sign_access_token", "read_header", "read_payload", "_decode_header"),
            *("_parse_json_object", "VerificationResult", "Verification", "_normalize_media_type", "_REASONS"),
            *("_find_reason", "list_missing_names"),
        ),
        "decoder": ("_ALPHABET", "_QuickJWS", "build_stock_decoder", "build_quick_decoder"),
    },
    "tokens/jwt_profiles.py": {
        "id_token": (
            *("ID_TOKEN_TYPE", "ID_TOKEN_CLAIMS", "_NO_CLAIMS", "build_id_token_claims"),
            *("make_id_token_verification", "judge_id_token"),
        ),
        "session": ("SESSION_TYPE", "SESSION_CLAIMS", "make_session_verification", "renew_claims"),
        "introspection_jwt": ("INTROSPECTION_TYPE", "INTROSPECTION_CLAIMS", "build_introspection_claims"),
    },
    "tokens/opaque.py": {
        "opaque": ("ENTROPY_BYTES", "make_opaque_token", "make_store_key"),
        "regional_reference": ("MAC_BYTES", "_MAC_LENGTH", "make_regional_token", "read_region", "_compute_mac"),
        "authenticated_encryption": ("NONCE_BYTES", "seal", "unseal", "_make_cipher"),
    },
}
"""File -> unit -> its definitions, for every file that holds several units; any other file is one unit.

A measured file must list each of its definitions in exactly one unit. Of a file that is left out, or that is in another
folder, only the units need listing that are measured or imported apart; the rest is the file's own. A unit is named as
a file would be that held nothing else: ``"strategies/name.py": {"name": ("Name", "_helper"), "other": ("Other",)}``.
"""
VOCABULARY = {f"{folder}/{name}.py" for folder in FOLDERS for name in ("__init__", "base", "protocols")}
"""The protocols, base types and checks of all parts, which are no part's own code."""
LEFT_OUT = VOCABULARY | {
    "strategies/base.py:settings_checks",
    *("services/token_endpoint.py", "services/operations.py", "tokens/formats.py"),
}
"""Not measured: the vocabulary, and lists of all grants, operations, token formats and libraries."""

_OPAQUE = "authorization_server:reference_token;authorization_server:signing_reference_token"
_ASKED = f"{_OPAQUE};authorization_server:regional_reference_token;user_information:introspection"
_SIGNING = ";".join(
    f"authorization_server:{name}"
    for name in (
        *("jwt_access_token", "encrypted_jwt", "signing_reference_token", "lightweight_jwt"),
        *("stored_jwt", "split_token", "paseto"),
    )
)
_CODE = "flows:authorization_code;flows:backend_for_frontend"
SERVICES = {
    "services/gateway.py": "gateway:*",
    "services/token_verification.py:introspect": f"{_ASKED};wrappers:sensitive_introspection",
    "services/token_verification.py:jwks": _SIGNING,
    "services/revocation.py:revocations": "wrappers:denylist_polled;wrappers:denylist_pushed;wrappers:denylist_shared",
    "services/revocation.py:status_list": "wrappers:status_list",
    "services/userinfo.py:userinfo": "user_information:userinfo",
    "services/authorization_code.py:authorize": _CODE,
    "services/authorization_code.py:authorization_code": _CODE,
    "services/machine_to_machine.py:client_credentials": "flows:client_credentials",
    "services/device_authorization.py:device_code": "flows:device_authorization",
    "services/device_authorization.py:device_authorization": "flows:device_authorization",
    "services/device_authorization.py:device_verification": "flows:device_authorization",
    "services/refresh_token.py": "flows:refresh_token",
    "services/token_families.py": "flows:refresh_token",
    "services/machine_to_machine.py:token_exchange": "downstream:token_exchange",
}
"""Endpoints and grants are found by address and not by import, so who needs them is said here; the rest all need.

Keys are units: a file, or ``file:unit`` where `UNITS` divides it.
"""
BACKENDS = {"flows/backend_for_frontend.py:backend": "flows:backend_for_frontend"}
"""As `SERVICES`, for the host that an app in a browser has."""
PACKAGE = Package(ROOT / "simlib", UNITS)


def is_measured(file: str) -> bool:
    """If all of a file is measured, and not only units of it that the table names."""
    return file.startswith(tuple(f"{folder}/" for folder in FOLDERS)) and file not in LEFT_OUT


def list_units(package: Package = PACKAGE) -> list[Unit]:
    """All units that are measured."""
    root = package.root
    files = {file.relative_to(root).as_posix() for folder in FOLDERS for file in (root / folder).rglob("*.py")}
    named = {Unit(file, name) for file in files for name in package.table.get(file, ())}
    whole = {Unit(file) for file in files - LEFT_OUT - set(package.table)}
    return sorted(unit for unit in named | whole if str(unit) not in LEFT_OUT)


def list_faults(package: Package = PACKAGE) -> list[str]:
    """Mistakes in `UNITS`, and keys of the tables below it that are no measured units."""
    measured = {str(unit) for unit in list_units(package)}
    unknown = [f"{key}: no such unit" for key in (SERVICES | BACKENDS) if key not in measured]
    return package.list_faults(file for file in package.table if is_measured(file)) + unknown


def digest_unit(unit: Unit) -> str:
    """A digest of the source that was measured."""
    return sha256(PACKAGE.write_out(unit).encode()).hexdigest()[:12]


def find_parts(unit: Unit) -> str:
    """The parts whose own code this is; empty for what parts only use, ``*`` for what every server has."""
    if str(unit) in (SERVICES | BACKENDS):
        return (SERVICES | BACKENDS)[str(unit)]
    return "*" if unit.file.startswith("services/") else ";".join(_find_owners().get(unit, ()))


def find_uses(unit: Unit) -> list[str]:
    """The measured units of which a unit calls or extends something; services are left to `SERVICES`."""
    measured = {other for other in list_units() if not other.file.startswith("services/")}
    return sorted(str(other) for other in PACKAGE.list_uses(unit) & measured)


def _find_owners() -> dict[Unit, list[str]]:
    """Unit -> ``place:part`` of the parts that it defines."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from simlib.flows import FLOWS
    from simlib.strategies import CATALOGUE

    found: dict[Unit, list[str]] = {}
    places = {place: parts for place, parts in CATALOGUE.items() if place != "inner_service"}
    for place, parts in {**places, "flows": FLOWS}.items():
        for name, kind in parts.items():
            file = kind.__module__.removeprefix("simlib.").replace(".", "/") + ".py"
            found.setdefault(PACKAGE.find_unit(file, kind.__name__), []).append(f"{place}:{name}")
    return found
