"""Authorization code grant (RFC 6749 section 4.1.3), with proof key for code exchange (PKCE, RFC 7636)."""

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
from simlib.services.grants.issuance import Entry, issue_tokens
from simlib.services.http import reply_error
from simlib.services.token_families import Family, read_details, revoke_family
from simlib.tokens import make_store_key

CODE_LIFETIME_S = 60.0
"""RFC 6749 section 4.1.2 allows 10 minutes at most; common servers use one minute."""

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def make_code_key(code: str) -> str:
    """Return the key of a code's row; its own prefix keeps the redemption of a code from touching another token."""
    return f"code:{make_store_key(code)}"


def compute_challenge(verifier: str) -> str:
    """Compute the S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def redeem_authorization_code(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """Consume the code first and judge it then, so that an attacker has one guess; a reused code revokes its family."""
    code = caller.parameters.get("code", "")
    if not code:
        return (yield from reply_error(400, "invalid_request"))
    key = yield Compute("token.hash", partial(make_code_key, code))
    now = ctx.now()
    stored = yield Call("store", StoreConsume(key, now))
    if stored is None:
        return (yield from reply_error(400, "invalid_grant"))
    row = TokenRow(*stored)
    if row.revoked_at is not None:
        yield from revoke_family(ctx, server, Family(key, code))
        return (yield from reply_error(400, "invalid_grant"))
    details = yield from read_details(row)
    is_proven = yield Compute("token.hash", partial(_is_proven, caller, details))
    is_same_redirect = caller.parameters.get("redirect_uri") == details.get("redirect_uri")
    if row.client_id != caller.client_id or row.expires_at <= now or not is_same_redirect or not is_proven:
        return (yield from reply_error(400, "invalid_grant"))
    entry = Entry(code, key, row._replace(revoked_at=now), details)
    return (yield from issue_tokens(ctx, server, caller, entry))


def _is_proven(caller: Caller, details: Mapping[str, Any]) -> bool:
    challenge, verifier = details.get("code_challenge"), caller.parameters.get("code_verifier")
    if challenge is None:
        # A verifier without a challenge: an attacker has removed the challenge (RFC 9700 section 4.8.2).
        return verifier is None and not caller.is_public
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(compute_challenge(verifier), challenge)
