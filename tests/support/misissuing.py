"""Makes an authorization server say what it should not, whatever the format of its tokens.

What a token says is changed where it is said: in the work that signs or seals the claims while it is issued, and in the
JSON or JWT that an endpoint answers later.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Compute, Flow, Work
from simlib.tokens import SharedSecret, SigningKey, read_header, sign_jwt
from simlib.tokens.forging import read_claims, sign_claims, sign_with_hmac

Change = Callable[[dict[str, Any]], Any]


def changing(changes: Mapping[str, Any]) -> Change:
    """Puts other values into claims; ``...`` leaves a claim out. "active" is changed only where it is said."""

    def change(claims: dict[str, Any]) -> dict[str, Any]:
        wanted = {name: value for name, value in changes.items() if name != "active" or name in claims}
        return {name: value for name, value in {**claims, **wanted}.items() if value is not ...}

    return change


def misissuing(flow: Flow[Any], change: Change) -> Flow[Any]:
    """A generator whose work on claims is done on changed claims."""
    answer = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        answer = yield Compute(effect.operation, _on(effect.work, change)) if isinstance(effect, Compute) else effect


def _on(work: Work | None, change: Change) -> Work | None:
    """The same work on changed claims, which are found among its arguments."""
    if not isinstance(work, partial):
        return work
    arguments = [change(dict(value)) if _are_claims(value) else value for value in work.args]
    keywords = {name: change(dict(value)) if _are_claims(value) else value for name, value in work.keywords.items()}
    if work.func is sign_jwt:
        return partial(_signed, *arguments, **keywords)
    return partial(work.func, *arguments, **keywords)


def _are_claims(value: Any) -> bool:
    return isinstance(value, Mapping) and {"iss", "exp", "sub"} <= set(value)


def _signed(claims: Mapping[str, Any], key: SigningKey | SharedSecret, typ: str) -> str:
    """Signed here, because a good library refuses to sign some of what a bad server might."""
    if isinstance(key, SharedSecret):
        return sign_with_hmac(claims, key.kid, key.secret, typ)
    return sign_claims(claims, key, typ=typ)


def changed_answer(body: Any, change: Change, keys: tuple[SigningKey, ...]) -> Any:
    """The body of an endpoint with changed JSON, or signed again by one of ``keys`` when it is a JWT."""
    if not isinstance(body, bytes) or not body:
        return body
    if body.startswith(b"{"):
        return json.dumps(change(json.loads(body))).encode()
    token = body.decode()
    if not read_header(token):
        return body
    header, claims = dict(read_header(token)), read_claims(token)
    inner = claims.get("token_introspection")
    changed = change(claims) if inner is None else {**claims, "token_introspection": change(inner)}
    return sign_claims(changed, next(key for key in keys if key.kid == header["kid"]), **header).encode()
