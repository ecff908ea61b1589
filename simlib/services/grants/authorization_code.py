"""An authorization code for tokens (RFC 6749 section 4.1.3), with proof of the code's origin (PKCE, RFC 7636)."""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import StoreConsume, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller
from simlib.services.grants.issuance import RedeemedGrant, issue_sign_in_tokens
from simlib.services.http import reply_error
from simlib.services.token_families import TokenFamily, read_details, revoke_family
from simlib.tokens import make_store_key

CODE_LIFETIME_S = 60.0
"""RFC 6749 section 4.1.2 allows 10 minutes at most; common servers take a minute."""

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def make_code_key(code: str) -> str:
    """The key of a code's row. Codes have keys of their own, so that using one up can never touch another token."""
    return f"code:{make_store_key(code)}"


def compute_challenge(verifier: str) -> str:
    """The challenge that belongs to a verifier (RFC 7636 section 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def redeem_authorization_code(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """Use the code up first, then see whether it was good: whoever guesses has one guess."""
    code = caller.parameters.get("code", "")
    if not code:
        return (yield from reply_error(400, "invalid_request"))
    key = yield Compute("token.hash", partial(make_code_key, code))
    at = ctx.now()
    found = yield Call("store", StoreConsume(key, at))
    if found is None:
        return (yield from reply_error(400, "invalid_grant"))
    row = TokenRow(*found)
    if row.revoked_at is not None:
        yield from revoke_family(ctx, server, TokenFamily(key, code))
        return (yield from reply_error(400, "invalid_grant"))
    details = yield from read_details(row)
    proven = yield Compute("token.hash", partial(_is_proven, caller, details))
    redirects_alike = caller.parameters.get("redirect_uri") == details.get("redirect_uri")
    if row.client_id != caller.client_id or row.expires_at <= at or not redirects_alike or not proven:
        return (yield from reply_error(400, "invalid_grant"))
    used = RedeemedGrant(code, key, row._replace(revoked_at=at), details)
    return (yield from issue_sign_in_tokens(ctx, server, caller, used))


def _is_proven(caller: Caller, details: Mapping[str, Any]) -> bool:
    challenge, verifier = details.get("code_challenge"), caller.parameters.get("code_verifier")
    if challenge is None:
        # A verifier without a challenge: somebody has taken the challenge away (RFC 9700 section 4.8.2).
        return verifier is None and not caller.is_public
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(compute_challenge(verifier), challenge)
