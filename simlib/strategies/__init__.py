"""Catalogue of the parts of designs: how tokens are issued, presented, validated, passed on and wrapped.

A part is one file of this folder and one line in its registry here; a part of your own is registered by
`register_strategy`, or named by an entry point of the group ``simlib.strategies`` in your package.

A token format is a `simlib.tokens.TokenFormat`; wrappers, key rotation, attacks and reports choose by its properties. A
new format touches six files: ``tokens/<format>.py`` (sign and verify it), ``tokens/formats.py`` (its properties),
``tokens/__init__.py``, a file of this folder (issuer and validator), this one, and ``calibration/format_operations.py``
(its cost, when it needs an optional package).
"""

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import MappingProxyType
from typing import Any

from simlib.scenario.registry import Combined, PluginGroup, Registry, note_registration
from simlib.scenario.texts import check_label
from simlib.strategies.base import (
    Bound,
    Credentials,
    DeploymentConfig,
    Grant,
    Issued,
    PresentedToken,
    RequestDemand,
    ServerDependency,
)
from simlib.strategies.bearer import Bearer, ClientToken, UserClient
from simlib.strategies.circuit_breaker import CircuitBreaker
from simlib.strategies.denylist_polled import DenylistPolled
from simlib.strategies.denylist_pushed import DenylistPushed
from simlib.strategies.denylist_shared import DenylistShared
from simlib.strategies.dpop import Dpop
from simlib.strategies.encrypted_jwt import EncryptedJwtIssuer, EncryptedJwtValidator
from simlib.strategies.fail_open import FailOpen
from simlib.strategies.introspection_client import format_basic_authorization
from simlib.strategies.jwt_access_token import JwtAccessToken, StoredJwt
from simlib.strategies.jwt_local import JwtLocal
from simlib.strategies.lightweight_jwt import LightweightJwtIssuer, LightweightJwtValidator
from simlib.strategies.mtls import Mtls
from simlib.strategies.opaque_cached import OpaqueCached
from simlib.strategies.opaque_introspection import OpaqueIntrospection
from simlib.strategies.openid_connect import OpenIdConnect
from simlib.strategies.paseto import PasetoIssuer, PasetoValidator
from simlib.strategies.pass_through import PassThrough, Relay
from simlib.strategies.phantom_token import PhantomToken
from simlib.strategies.protocols import (
    BackgroundWorker,
    CommonFetcher,
    Endpoint,
    Issuer,
    Part,
    Presenter,
    Propagator,
    PushReceiver,
    StationaryStarter,
    Validator,
    Wrapper,
)
from simlib.strategies.reference_token import ReferenceToken, SigningReferenceToken
from simlib.strategies.regional_tokens import OpaqueRegional, RegionalReferenceToken
from simlib.strategies.retry import ClientRetry, Retry
from simlib.strategies.sensitive_introspection import SensitiveIntrospection
from simlib.strategies.session_jwt import SessionJwtIssuer, SessionJwtValidator
from simlib.strategies.signed_introspection import SignedIntrospection
from simlib.strategies.split_token import SplitTokenGateway, SplitTokenIssuer
from simlib.strategies.status_list import StatusListWrapper
from simlib.strategies.token_exchange import TokenExchange
from simlib.strategies.verified_cache import VerifiedCache
from simlib.strategies.wrappers import ValidatorWrapper, WrapperState
from simlib.tokens import TokenFormat

_PLUGINS = PluginGroup("simlib.strategies", lambda part: _add_part(part))

ISSUERS: Registry[type[Any]] = Registry(
    "issuer",
    {
        part.name: part
        for part in (
            ReferenceToken,
            JwtAccessToken,
            SigningReferenceToken,
            SplitTokenIssuer,
            EncryptedJwtIssuer,
            LightweightJwtIssuer,
            StoredJwt,
            RegionalReferenceToken,
            PasetoIssuer,
            SessionJwtIssuer,
        )
    },
    _PLUGINS,
)
"""At the authorization server."""

PRESENTERS: Registry[type[Any]] = Registry(
    "presenter",
    {part.name: part for part in (Bearer, OpenIdConnect)},
    _PLUGINS,
)
"""At the client."""

VALIDATORS: Registry[type[Any]] = Registry(
    "validator",
    {
        part.name: part
        for part in (
            OpaqueIntrospection,
            OpaqueCached,
            JwtLocal,
            SignedIntrospection,
            EncryptedJwtValidator,
            LightweightJwtValidator,
            OpaqueRegional,
            PasetoValidator,
            SessionJwtValidator,
        )
    },
    _PLUGINS,
)
"""At a service, and at a gateway too."""

GATEWAY_VALIDATORS: Registry[type[Any]] = Registry(
    "gateway validator",
    {part.name: part for part in (PhantomToken, SplitTokenGateway)},
    _PLUGINS,
)
"""At a gateway only: they pass another credential inwards than the one presented."""

PROPAGATORS: Registry[type[Any]] = Registry(
    "propagator",
    {part.name: part for part in (PassThrough, TokenExchange)},
    _PLUGINS,
)
"""At a service that calls others."""

WRAPPERS: Registry[type[Any]] = Registry(
    "wrapper",
    {
        part.name: part
        for part in (
            DenylistPolled,
            DenylistPushed,
            DenylistShared,
            Dpop,
            Mtls,
            SensitiveIntrospection,
            StatusListWrapper,
            VerifiedCache,
            Retry,
            ClientRetry,
            CircuitBreaker,
            FailOpen,
        )
    },
    _PLUGINS,
)
"""Around the parts of a design."""

CATALOGUE: Mapping[str, Mapping[str, type[Any]]] = MappingProxyType(
    {
        "client": PRESENTERS,
        "gateway": Combined({Relay.name: Relay}, VALIDATORS, GATEWAY_VALIDATORS),
        "service": VALIDATORS,
        "inner_service": VALIDATORS,
        "downstream": PROPAGATORS,
        "authorization_server": ISSUERS,
        "wrappers": WRAPPERS,
    }
)
"""Place -> name -> part."""

_ROLES: Mapping[str, Registry[type[Any]]] = MappingProxyType(
    {
        "wrap_validator": WRAPPERS,
        "validate": VALIDATORS,
        "issue": ISSUERS,
        "request": PRESENTERS,
        "obtain_credential": PROPAGATORS,
    }
)
"""Method by which a part is recognised -> the registry of its place."""


def register_strategy(part: type[Any]) -> None:
    """Add a part of your own to the catalogue, at the place that its methods are for; a scenario may then name it.

    ``part`` is a class as in the files of this folder: ``name``, ``summary``, ``token_format``, a frozen dataclass
    ``Settings``, ``list_operations``, and the methods of its protocol; a wrapper has ``formats`` and ``at_edge`` in
    place of ``token_format``. Raises ValueError that says what is missing, or that the name is taken by a built-in
    part. A part that was registered before is replaced.
    """
    _add_part(part)
    note_registration("simlib.strategies", part.name, register_strategy, part)


def _add_part(part: Any) -> None:
    formats = ("formats", "at_edge") if hasattr(part, "wrap_validator") else ("token_format",)
    needed = ("name", "summary", *formats, "Settings", "list_operations")
    missing = [name for name in needed if not hasattr(part, name)]
    if missing:
        raise ValueError(f"{getattr(part, '__name__', part)!s} is no part: it has no {', '.join(missing)}")
    registry = next((registry for method, registry in _ROLES.items() if hasattr(part, method)), None)
    if registry is None:
        raise ValueError(f"{part.__name__} is no part: it has none of the methods {', '.join(_ROLES)}")
    check_label(f"{part.__name__} is no part: its summary", part.summary)
    if not (isinstance(part.Settings, type) and is_dataclass(part.Settings)):
        raise ValueError(f"{part.__name__} is no part: its Settings must be a dataclass")
    (GATEWAY_VALIDATORS if registry is VALIDATORS and hasattr(part, "forwards") else registry).add(part.name, part)


__all__ = [
    "CATALOGUE",
    "GATEWAY_VALIDATORS",
    "ISSUERS",
    "PRESENTERS",
    "PROPAGATORS",
    "VALIDATORS",
    "WRAPPERS",
    "BackgroundWorker",
    "Bearer",
    "Bound",
    "CircuitBreaker",
    "ClientRetry",
    "ClientToken",
    "CommonFetcher",
    "Credentials",
    "DenylistPolled",
    "DenylistPushed",
    "DenylistShared",
    "DeploymentConfig",
    "Dpop",
    "EncryptedJwtIssuer",
    "EncryptedJwtValidator",
    "Endpoint",
    "FailOpen",
    "Grant",
    "Issued",
    "Issuer",
    "JwtAccessToken",
    "JwtLocal",
    "LightweightJwtIssuer",
    "LightweightJwtValidator",
    "Mtls",
    "OpaqueCached",
    "OpaqueIntrospection",
    "OpaqueRegional",
    "OpenIdConnect",
    "Part",
    "PasetoIssuer",
    "PasetoValidator",
    "PassThrough",
    "PhantomToken",
    "PresentedToken",
    "Presenter",
    "Propagator",
    "PushReceiver",
    "ReferenceToken",
    "RegionalReferenceToken",
    "Relay",
    "RequestDemand",
    "Retry",
    "SensitiveIntrospection",
    "ServerDependency",
    "SessionJwtIssuer",
    "SessionJwtValidator",
    "SignedIntrospection",
    "SigningReferenceToken",
    "SplitTokenGateway",
    "SplitTokenIssuer",
    "StationaryStarter",
    "StatusListWrapper",
    "StoredJwt",
    "TokenExchange",
    "TokenFormat",
    "UserClient",
    "Validator",
    "ValidatorWrapper",
    "VerifiedCache",
    "Wrapper",
    "WrapperState",
    "format_basic_authorization",
    "register_strategy",
]
