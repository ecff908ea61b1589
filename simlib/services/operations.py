"""Operations of a cost profile that each endpoint and grant needs, beside those of issuing an access token.

``store.get``, ``.put``, ``.revoke``, ``.consume`` and ``.list`` stand for the operations of any store. OpenID Connect
adds the signature of the server's key.
"""

from collections.abc import Mapping
from types import MappingProxyType

from simlib.services.device_authorization import DEVICE_CODE
from simlib.services.token_endpoint import TOKEN_EXCHANGE

_CALLER = frozenset({"client.authenticate", "form.decode"})
_ANSWER = frozenset({"json.encode"})

ROTATION = frozenset(
    {"opaque.issue", "token.seal", "token.unseal", "json.decode", "store.get", "store.put", "store.consume"}
)
"""Operations that a refresh token valid for one use adds, and every first refresh token of a family."""

FAMILY_REVOCATION = frozenset({"token.unseal", "json.decode", "store.get", "store.put", "store.revoke"})
"""Operations of the revocation of a token family, beside the revocation of its access tokens."""

ENDPOINT_OPERATIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "authorize": _ANSWER | {"form.decode", "form.encode", "user.authenticate", "opaque.issue", "store.put"},
        "device_authorization": _CALLER | _ANSWER | {"opaque.issue", "store.put"},
        "device_verification": _ANSWER
        | {"form.decode", "user.authenticate", "json.decode", "store.consume", "store.put"},
        "token": _CALLER | _ANSWER,
        "introspect": _CALLER | _ANSWER | {"json.decode"},
        "revoke": _CALLER | _ANSWER | {"token.hash", "store.get", "store.revoke"},
        "revocations": _CALLER | _ANSWER | {"json.decode", "store.list"},
        "status_list": frozenset(),
        "jwks": frozenset({"jwks.serve"}),
        "userinfo": _ANSWER,
    }
)
"""Endpoint -> operations."""

GRANT_OPERATIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "refresh_token": frozenset({"token.hash", "store.get"}),
        "authorization_code": ROTATION | {"token.hash"},
        "client_credentials": frozenset(),
        DEVICE_CODE: ROTATION | {"token.hash"},
        TOKEN_EXCHANGE: frozenset(),
    }
)
"""Grant type -> operations beside those of the token endpoint."""
