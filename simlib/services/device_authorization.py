"""Device authorization (RFC 8628), for devices without a keyboard: the endpoint that issues the codes (section 3.1),
the verification page on which the user enters the code that the device shows (section 3.3), and the grant (section
3.4) that the device polls until the user has decided.
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StoreConsume, StoreGet, StorePut, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller, identify
from simlib.services.http import parse_form, reply_error, reply_invalid_client, reply_json
from simlib.services.issuance import Entry, issue_tokens
from simlib.services.token_families import Family, read_details, revoke_family
from simlib.tokens import make_opaque_token, make_store_key

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
DEVICE_CODE_LIFETIME_S = 1_800.0
INTERVAL_S = 5.0
"""Both as in the example of RFC 8628 section 3.2; the interval is also its default."""
SLOW_DOWN_S = 5.0
"""Seconds that "slow_down" adds to the interval, for this and all later polls (RFC 8628 section 3.5)."""

DECISIONS = ("approve", "deny")

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""For user codes: no vowels and so no words, nothing that looks like a digit (RFC 8628 section 6.1)."""

_HALF_LENGTH = 4


class _DeviceCodes(NamedTuple):
    device_code: str
    device_key: str
    user_code: str


def make_user_code_key(user_code: str) -> str:
    """Return the key of a user code's row, without regard to case and punctuation (RFC 8628 section 6.1)."""
    return "user_code:" + "".join(letter for letter in user_code.upper() if letter in LETTERS)


def authorize_device(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Issue a long code with which the device polls, and a short one that the user enters elsewhere."""
    caller = yield from identify(request, server)
    if caller is None:
        return (yield from reply_invalid_client())
    if DEVICE_CODE not in server.find_registration(caller.client_id).grant_types:
        return (yield from reply_error(400, "unauthorized_client"))
    scope = server.resolve_scope(caller.client_id, caller.parameters.get("scope"))
    if scope is None:
        return (yield from reply_error(400, "invalid_scope"))
    entropy = ctx.random_bytes("device_code", 32), ctx.random_bytes("user_code", 2 * _HALF_LENGTH)
    codes = yield Compute("opaque.issue", partial(_make_codes, *entropy))
    now = ctx.now()
    end = now + DEVICE_CODE_LIFETIME_S
    device = TokenRow("device", "", caller.client_id, scope, "", now, end, None, _encode_details(interval=INTERVAL_S))
    pending = device._replace(kind="user_code", details=_encode_details(device=codes.device_key))
    yield Call("store", StorePut(codes.device_key, device))
    yield Call("store", StorePut(make_user_code_key(codes.user_code), pending))
    answer = {
        "device_code": codes.device_code,
        "user_code": codes.user_code,
        "verification_uri": f"{server.issuer}/device",
        "expires_in": int(DEVICE_CODE_LIFETIME_S),
        "interval": int(INTERVAL_S),
    }
    return (yield from reply_json(answer))


def _make_codes(device_entropy: bytes, user_entropy: bytes) -> _DeviceCodes:
    code = make_opaque_token(device_entropy)
    # Some letters come up a little more often than others: 256 is no multiple of 20. 34 bits are left.
    letters = "".join(LETTERS[byte % len(LETTERS)] for byte in user_entropy)
    return _DeviceCodes(code, make_device_key(code), f"{letters[:_HALF_LENGTH]}-{letters[_HALF_LENGTH:]}")


def _encode_details(**details: object) -> str:
    return json.dumps(details, separators=(",", ":"))


def verify_user_code(ctx: Context, request: HttpRequest, server: AuthorizationServer) -> Flow[Reply]:
    """Record the user's decision on a device; the form has ``login``, ``password``, ``user_code`` and ``decision``.

    The decision is "approve" or "deny". Only a signed-in user can try codes; a code is valid for one decision.
    """
    parameters = yield from parse_form(request.body)
    login, password = parameters.get("login", ""), parameters.get("password", "")
    is_user = yield Compute("user.authenticate", partial(server.sign_in, login, password))
    if not is_user:
        return (yield from reply_error(403, "access_denied"))
    decision = parameters.get("decision")
    if decision not in DECISIONS:
        return (yield from reply_error(400, "invalid_request"))
    now = ctx.now()
    stored = yield Call("store", StoreConsume(make_user_code_key(parameters.get("user_code", "")), now))
    if stored is None or stored.revoked_at is not None or stored.expires_at <= now:
        return (yield from reply_error(400, "invalid_request"))
    row = TokenRow(*stored)
    pending = yield from read_details(row)
    details = json.dumps({"approved": decision == "approve", "auth_time": now}, separators=(",", ":"))
    decided = row._replace(kind="decision", subject=login, details=details)
    yield Call("store", StorePut(make_decision_key(pending["device"]), decided))
    return Reply(200)


def make_device_key(device_code: str) -> str:
    """Return the key of a device code's row, which records the polls of the device."""
    return f"device:{make_store_key(device_code)}"


def make_decision_key(device: str) -> str:
    """Return the key of the user's decision from the key of the device code."""
    return f"decision:{device}"


def redeem_device_code(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """Answer one poll; polls write only the row of the device, and the decision is consumed once."""
    code = caller.parameters.get("device_code", "")
    if not code:
        return (yield from reply_error(400, "invalid_request"))
    key = yield Compute("token.hash", partial(make_device_key, code))
    stored = yield Call("store", StoreGet(key))
    if stored is None or stored.client_id != caller.client_id:
        return (yield from reply_error(400, "invalid_grant"))
    row = TokenRow(*stored)
    if row.expires_at <= ctx.now():
        return (yield from reply_error(400, "expired_token"))
    if (yield from _record_poll(ctx, key, row)):
        return (yield from reply_error(400, "slow_down"))
    return (yield from _redeem_decision(ctx, caller, server, code, make_decision_key(key)))


def _record_poll(ctx: Context, key: str, row: TokenRow) -> Flow[bool]:
    """Record the instant of a poll and the interval until the next; True when this poll came too soon."""
    details, now = (yield from read_details(row)), ctx.now()
    too_soon = "polled_at" in details and now < details["polled_at"] + details["interval"]
    interval = details["interval"] + (SLOW_DOWN_S if too_soon else 0.0)
    polled = {**details, "polled_at": now, "interval": interval}
    text = yield Compute("json.encode", partial(json.dumps, polled, separators=(",", ":")))
    yield Call("store", StorePut(key, row._replace(details=text)))
    return too_soon


def _redeem_decision(ctx: Context, caller: Caller, server: AuthorizationServer, code: str, key: str) -> Flow[Reply]:
    now = ctx.now()
    stored = yield Call("store", StoreConsume(key, now))
    if stored is None:
        return (yield from reply_error(400, "authorization_pending"))
    row = TokenRow(*stored)
    if row.revoked_at is not None:
        yield from revoke_family(ctx, server, Family(key, code))
        return (yield from reply_error(400, "invalid_grant"))
    details: Mapping[str, Any] = yield from read_details(row)
    if not details["approved"]:
        return (yield from reply_error(400, "access_denied"))
    return (yield from issue_tokens(ctx, server, caller, Entry(code, key, row._replace(revoked_at=now), details)))
