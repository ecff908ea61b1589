"""Misissued tokens of any format: a token with valid signature and wrong claims, and answers that confirm these claims.

Claims are changed in the work that signs or seals them while the token is issued, and in the JSON or JWT that an
endpoint answers later.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Compute, Flow, Work
from simlib.tokens import SharedSecret, SigningKey, read_header, sign_jwt
from simlib.tokens.forging import read_claims, sign_claims, sign_with_hmac

Change = Callable[[dict[str, Any]], Any]


def build_change(changes: Mapping[str, Any]) -> Change:
    """Build a change of claims to these values; ``...`` removes a claim. "active" only where it is present."""

    def change(claims: dict[str, Any]) -> dict[str, Any]:
        wanted = {name: value for name, value in changes.items() if name != "active" or name in claims}
        return {name: value for name, value in {**claims, **wanted}.items() if value is not ...}

    return change


def misissue(flow: Flow[Any], change: Change) -> Flow[Any]:
    """Run a generator with its work on claims done on changed claims."""
    answer = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        answer = (
            yield Compute(effect.operation, _change_work(effect.work, change))
            if isinstance(effect, Compute)
            else effect
        )


def _change_work(work: Work | None, change: Change) -> Work | None:
    """Return the same work on changed claims, which are among its arguments."""
    if not isinstance(work, partial):
        return work
    arguments = [change(dict(value)) if _are_claims(value) else value for value in work.args]
    keywords = {name: change(dict(value)) if _are_claims(value) else value for name, value in work.keywords.items()}
    if work.func is sign_jwt:
        return partial(_sign, *arguments, **keywords)
    return partial(work.func, *arguments, **keywords)


def _are_claims(value: Any) -> bool:
    return isinstance(value, Mapping) and {"iss", "exp", "sub"} <= set(value)


def _sign(claims: Mapping[str, Any], key: SigningKey | SharedSecret, typ: str) -> str:
    """Sign with primitives, because libraries refuse to sign some claims that a faulty server might."""
    if isinstance(key, SharedSecret):
        return sign_with_hmac(claims, key.kid, key.secret, typ)
    return sign_claims(claims, key, typ=typ)


def change_answer(body: Any, change: Change, keys: tuple[SigningKey, ...]) -> Any:
    """Change the JSON body of an endpoint, or a JWT, which is signed again by one of ``keys``."""
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
