"""How a token is issued, presented and validated: one part per file, listed by hand in `CATALOGUE`.

To add a strategy, write its file and add one line here.
"""

from collections.abc import Mapping
from types import MappingProxyType

from simlib.strategies.base import (
    Bound,
    Credentials,
    Deployment,
    Grant,
    Issued,
    Issuer,
    Part,
    Presented,
    Presenter,
    Validator,
)
from simlib.strategies.bearer import Bearer, Held, UserClient
from simlib.strategies.jwt_access_token import JwtAccessToken
from simlib.strategies.jwt_local import JwtLocal
from simlib.strategies.opaque_cached import OpaqueCached
from simlib.strategies.opaque_introspection import OpaqueIntrospection
from simlib.strategies.reference_token import ReferenceToken

ISSUERS = {part.name: part for part in (ReferenceToken, JwtAccessToken)}
PRESENTERS = {part.name: part for part in (Bearer,)}
VALIDATORS = {part.name: part for part in (OpaqueIntrospection, OpaqueCached, JwtLocal)}

CATALOGUE: Mapping[str, Mapping[str, type[Part]]] = MappingProxyType(
    {"client": PRESENTERS, "service": VALIDATORS, "authorization_server": ISSUERS}
)
"""Place -> name -> part."""

__all__ = [
    "CATALOGUE",
    "ISSUERS",
    "PRESENTERS",
    "VALIDATORS",
    "Bearer",
    "Bound",
    "Credentials",
    "Deployment",
    "Grant",
    "Held",
    "Issued",
    "Issuer",
    "JwtAccessToken",
    "JwtLocal",
    "OpaqueCached",
    "OpaqueIntrospection",
    "Part",
    "Presented",
    "Presenter",
    "ReferenceToken",
    "UserClient",
    "Validator",
]
