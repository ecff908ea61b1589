"""Forgery contract of validators: altered, cut and invented tokens, and forged JWTs, are refused and raise nothing.

`MANIPULATION_CHECKS` hold for tokens of every format; `CHECKS` and `VALUE_CHECKS` are for JWTs (RFC 9068, RFC 8725).
"""

import base64
from typing import Any

from simlib.contracts.configuration import ELSEWHERE, make_impostor_key, make_key
from simlib.contracts.requirements import require, require_accepted, require_refused
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.scenario.effects import Verdict
from simlib.tokens import ALGORITHMS, KeySet, SigningKey
from simlib.tokens.forging import (
    alter,
    count_alterations,
    encode,
    encode_public_pem,
    forge_unsigned,
    read_claims,
    sign_claims,
    sign_segments,
    sign_with_hmac,
)

GARBAGE = ("garbage", ".", "..", "a.b.c", "a.b.c.d.e", "e30.e30.", "\x00", "ü.ü.ü", "\ud800", "v4.public.AA", "-_=" * 9)
LONG = ("A" * 1_000_000, ".".join("A" * 1000), "." * 100_000)


def check_altered_token(stepped: SteppedDeployment, at: int) -> None:
    """A token with one altered place is refused, and the genuine one is accepted before and after."""
    token = stepped.issue().token
    require_accepted(stepped.present(token), "a valid token")
    require_refused(stepped.present(alter(token, at)), f"a token that is altered at place {at}")
    require_accepted(stepped.present(token), "a valid token of which an altered copy was refused")


def check_every_alteration(stepped: SteppedDeployment) -> None:
    """Every byte of a token's payload counts."""
    token = stepped.issue().token
    for at in range(count_alterations(token)):
        require_refused(stepped.present(alter(token, at)), f"a token that is altered at place {at}")


def check_cut_and_extended_tokens(stepped: SteppedDeployment) -> None:
    """A token that is cut or extended is refused."""
    token = stepped.issue().token
    for end in range(1, len(token), 7):
        require_refused(stepped.present(token[:end]), f"a token that is cut after {end} characters")
    for more in ("A", ".", "=", " ", "\n", "\x00"):
        require_refused(stepped.present(token + more), f"a token with {more!r} behind it")
        require_refused(stepped.present(more + token), f"a token with {more!r} before it")


def check_garbage(stepped: SteppedDeployment, token: str) -> None:
    """A text that is no token is refused, twice."""
    for _ in range(2):
        require_refused(stepped.present(token), f"the text {token!r}")


def check_long_tokens(stepped: SteppedDeployment) -> None:
    """A very long text is refused like any other."""
    for token in LONG:
        require_refused(stepped.present(token), f"a text of {len(token)} characters")


def check_refresh_token(stepped: SteppedDeployment) -> None:
    """A refresh token is no access token."""
    require_refused(stepped.present(stepped.refresh_token()), "a refresh token")


MANIPULATION_CHECKS = (check_cut_and_extended_tokens, check_long_tokens, check_refresh_token)


FOREIGN_KIDS: tuple[Any, ...] = (..., None, "", 7, ["current"], "CURRENT", "current ", "../current")
FOREIGN_TYPES: tuple[Any, ...] = ("JWT", "jwt", "id+jwt", "logout+jwt", "", None, 1, ...)
UNSIGNED = ("none", "None", "NONE", "nOnE", "", "HS256")
REQUIRED_CLAIMS = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")
"""Of RFC 9068 section 2.2."""
CRITICAL_HEADERS: tuple[dict[str, Any], ...] = (
    *({"crit": ["exp"]}, {"crit": ["b64"], "b64": True}, {"crit": []}, {"crit": None}),
)
NO_BASE64URL = ("=", "==", "====", " ", "\n", "\r\n", "\x00")
"""Texts that are no part of base64url without padding (RFC 7515 section 2), and that lenient decoders overlook."""
_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _read_genuine(stepped: SteppedDeployment) -> tuple[dict[str, Any], SigningKey]:
    """The claims of a valid token, and the key that valid tokens are signed with."""
    return read_claims(stepped.issue().token), stepped.issuer.list_keys()[0]


def _require_reason(verdict: Verdict, reasons: str | tuple[str, ...], what: str) -> None:
    require_refused(verdict, what)
    allowed = (reasons,) if isinstance(reasons, str) else reasons
    require(
        verdict.reason in allowed, f"{what} is refused for {verdict.reason!r}, but must be for {' or '.join(allowed)}"
    )


def check_own_signature(stepped: SteppedDeployment) -> None:
    """A token that is signed here by the issuer's key is accepted, so that the other checks can forge."""
    require_accepted(stepped.present(sign_claims(*_read_genuine(stepped))), "a token signed by the issuer's key")


def check_foreign_key(stepped: SteppedDeployment) -> None:
    """A foreign key is refused under its own name and under that of the issuer's key."""
    claims, key = _read_genuine(stepped)
    foreign = sign_claims(claims, make_key(key.algorithm, "foreign"))
    _require_reason(stepped.present(foreign), "unknown_key", "a token of an unknown kid")
    impostor = sign_claims(claims, make_impostor_key(key))
    _require_reason(stepped.present(impostor), "signature", "a token of a foreign key under the issuer's kid")


def check_other_algorithms(stepped: SteppedDeployment) -> None:
    """A key of another algorithm under the issuer's name is refused."""
    claims, key = _read_genuine(stepped)
    for algorithm in (name for name in ALGORITHMS if name != key.algorithm):
        foreign = make_key(algorithm, "foreign")
        other = sign_claims(claims, foreign, kid=key.kid)
        _require_reason(stepped.present(other), "algorithm", f"a token of {algorithm} under a kid of {key.algorithm}")
        renamed = sign_claims(claims, foreign, kid=key.kid, alg=key.algorithm)
        _require_reason(
            stepped.present(renamed), "signature", f"a token of {algorithm} that is declared {key.algorithm}"
        )


def check_foreign_kid(stepped: SteppedDeployment, kid: Any) -> None:
    """A token that names no key of the issuer is refused."""
    token = sign_claims(*_read_genuine(stepped), kid=kid)
    _require_reason(stepped.present(token), "unknown_key", f"a token of the kid {kid!r}")


def check_foreign_type(stepped: SteppedDeployment, typ: Any) -> None:
    """A token of another type is refused (RFC 9068 section 4)."""
    token = sign_claims(*_read_genuine(stepped), typ=typ)
    _require_reason(stepped.present(token), "type", f"a token of the type {typ!r}")


def check_identity_token(stepped: SteppedDeployment) -> None:
    """An identity token is no access token."""
    claims, key = _read_genuine(stepped)
    identity = {name: claims[name] for name in ("iss", "sub", "exp", "iat")} | {"aud": "shop", "nonce": "n"}
    _require_reason(stepped.present(sign_claims(identity, key, typ="JWT")), "type", "an identity token")
    typed = sign_claims(identity, key)
    _require_reason(stepped.present(typed), "audience", "an identity token of the type of access tokens")


def check_unsigned_token(stepped: SteppedDeployment, algorithm: str) -> None:
    """A token without a signature is refused (RFC 8725 section 3.1)."""
    claims, key = _read_genuine(stepped)
    unsigned = forge_unsigned(claims, key.kid, algorithm)
    _require_reason(stepped.present(unsigned), "algorithm", f"an unsigned token of the algorithm {algorithm!r}")
    cut = stepped.issue().token.rpartition(".")[0] + "."
    _require_reason(stepped.present(cut), "signature", "a valid token without its signature")


def check_hmac_under_public_key(stepped: SteppedDeployment) -> None:
    """An HMAC under the issuer's public key is refused (RFC 8725 section 2.1)."""
    claims, key = _read_genuine(stepped)
    public = key.verification_key
    pem = encode_public_pem(public.jwk)
    secrets = [pem, base64.b64decode(b"".join(pem.splitlines()[1:-1]))]
    secrets += [KeySet((public,)).to_jwks(), encode(dict(public.jwk)).encode(), public.thumbprint.encode(), b""]
    for secret in secrets:
        token = sign_with_hmac(claims, key.kid, secret)
        _require_reason(stepped.present(token), "algorithm", "a token with an HMAC under the public key")


def check_key_in_header(stepped: SteppedDeployment) -> None:
    """A key that the header offers is neither used nor fetched."""
    claims, key = _read_genuine(stepped)
    foreign = make_impostor_key(key)
    offer = {"jwk": dict(foreign.verification_key.jwk), "jku": f"{ELSEWHERE}/jwks", "x5u": f"{ELSEWHERE}/cert"}
    require_accepted(stepped.present(stepped.issue().token), "a valid token")
    fetches = stepped.calls["jwks"]
    offered = sign_claims(claims, foreign, **offer)
    _require_reason(stepped.present(offered), "signature", "a token with a key in its header")
    require(stepped.calls["jwks"] == fetches, "a key in the header of a token must not cause a fetch")


def check_required_claim(stepped: SteppedDeployment, claim: str) -> None:
    """Each claim that RFC 9068 requires must be present."""
    token = stepped.misissue(**{claim: ...})
    _require_reason(stepped.present(token), ("missing_claim", "issuer", "audience"), f"a token without {claim}")


def check_added_scope(stepped: SteppedDeployment) -> None:
    """A payload with a further scope is refused under the old signature."""
    header, _, signature = stepped.issue().token.split(".")
    claims, _ = _read_genuine(stepped)
    payload = encode({**claims, "scope": claims["scope"] + " admin"})
    _require_reason(stepped.present(f"{header}.{payload}.{signature}"), "signature", "a token with an added scope")


def check_last_characters(stepped: SteppedDeployment) -> None:
    """Every character counts, also the last of a segment, some of whose bits have no meaning (RFC 4648 section 3.5)."""
    token = stepped.issue().token
    ends = [at for at in range(len(token)) if token[at + 1 : at + 2] in (".", "")]
    require(len(ends) == 3, f"a JWT has three segments, and this token {len(ends)}")
    for at in ends:
        for character in _BASE64URL.replace(token[at], ""):
            altered = token[:at] + character + token[at + 1 :]
            require_refused(stepped.present(altered), f"a token with another character at place {at}")


def check_padded_segment(stepped: SteppedDeployment, more: str) -> None:
    """Padding or whitespace in any segment is refused although the signature fits: a token has one text."""
    claims, key = _read_genuine(stepped)
    header, payload, signature = sign_claims(claims, key).split(".")
    padded = (
        sign_segments(header + more, payload, key),
        sign_segments(header, payload + more, key),
        f"{header}.{payload}.{signature}{more}",
        f"{header}.{payload}.{more}{signature}",
    )
    for token in padded:
        require_refused(stepped.present(token), f"a token with {more!r} in a segment")


def check_signature_of_another_token(stepped: SteppedDeployment) -> None:
    """The signature of another token of the issuer is refused."""
    first, second = stepped.issue("user-1").token, stepped.issue("user-2").token
    mixed = first.rpartition(".")[0] + "." + second.rpartition(".")[2]
    _require_reason(stepped.present(mixed), "signature", "a token with the signature of another one")


def check_critical_header(stepped: SteppedDeployment, header: dict[str, Any]) -> None:
    """An unknown critical extension is refused (RFC 7515 section 4.1.11)."""
    token = sign_claims(*_read_genuine(stepped), **header)
    _require_reason(stepped.present(token), "malformed", f"a token with the header {header}")


def check_refusals_are_not_cached(stepped: SteppedDeployment) -> None:
    """Genuine tokens are accepted after forged ones were refused."""
    claims, key = _read_genuine(stepped)
    genuine = stepped.issue().token
    foreign = make_key(key.algorithm, "foreign")
    for forged in (sign_claims(claims, make_impostor_key(key)), sign_claims(claims, foreign), "a.b.c"):
        stepped.present(forged)
        require_accepted(stepped.present(genuine), "a valid token after a forged one was refused")


CHECKS = (
    check_own_signature,
    check_foreign_key,
    check_other_algorithms,
    check_identity_token,
    check_hmac_under_public_key,
    check_key_in_header,
    check_added_scope,
    check_last_characters,
    check_signature_of_another_token,
    check_refusals_are_not_cached,
)
VALUE_CHECKS = (
    (check_foreign_kid, FOREIGN_KIDS),
    (check_foreign_type, FOREIGN_TYPES),
    (check_unsigned_token, UNSIGNED),
    (check_required_claim, REQUIRED_CLAIMS),
    (check_critical_header, CRITICAL_HEADERS),
    (check_padded_segment, NO_BASE64URL),
)
