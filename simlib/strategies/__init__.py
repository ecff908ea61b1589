"""How a token is issued, presented and validated: one part per file, listed by hand in `CATALOGUE`.

To add a strategy, write its file and add one line here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from simlib.strategies.base import Bound, Credentials, DeploymentConfig, Grant, Issued, PresentedToken
from simlib.strategies.bearer import Bearer, ClientToken, UserClient
from simlib.strategies.circuit_breaker import CircuitBreaker
from simlib.strategies.denylist_polled import DenylistPolled
from simlib.strategies.denylist_pushed import DenylistPushed
from simlib.strategies.denylist_shared import DenylistShared
from simlib.strategies.dpop import Dpop
from simlib.strategies.encrypted_jwt import EncryptedJwtIssuer, EncryptedJwtValidator
from simlib.strategies.fail_open import FailOpen
from simlib.strategies.introspection_client import format_basic_authorization
from simlib.strategies.jwt_access_token import JwtAccessToken
from simlib.strategies.jwt_local import JwtLocal
from simlib.strategies.lightweight_jwt import LightweightJwtIssuer, LightweightJwtValidator
from simlib.strategies.mtls import Mtls
from simlib.strategies.opaque_cached import OpaqueCached
from simlib.strategies.opaque_introspection import OpaqueIntrospection
from simlib.strategies.openid_connect import OpenIdConnect
from simlib.strategies.paseto import PasetoIssuer, PasetoValidator
from simlib.strategies.pass_through import PassThrough
from simlib.strategies.phantom_token import PhantomToken
from simlib.strategies.protocols import (
    BackgroundWorker,
    Endpoint,
    Issuer,
    Part,
    Presenter,
    Propagator,
    PushReceiver,
    Validator,
    Wrapper,
)
from simlib.strategies.reference_token import ReferenceToken, SigningReferenceToken
from simlib.strategies.regional_tokens import OpaqueRegional, RegionalReferenceToken
from simlib.strategies.relay import Relay
from simlib.strategies.retry import ClientRetry, Retry
from simlib.strategies.sensitive_introspection import SensitiveIntrospection
from simlib.strategies.session_jwt import SessionJwtIssuer, SessionJwtValidator
from simlib.strategies.signed_introspection import SignedIntrospection
from simlib.strategies.split_token import SplitTokenIssuer
from simlib.strategies.split_token_gateway import SplitTokenGateway
from simlib.strategies.status_list import StatusListWrapper
from simlib.strategies.stored_jwt import StoredJwt
from simlib.strategies.token_exchange import TokenExchange
from simlib.strategies.verified_cache import VerifiedCache
from simlib.strategies.wrappers import ValidatorWrapper, WrapperState
from simlib.tokens import TokenFormat

ISSUERS: Mapping[str, type[Any]] = MappingProxyType(
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
    }
)
"""At the authorization server."""

PRESENTERS: Mapping[str, type[Any]] = MappingProxyType({part.name: part for part in (Bearer, OpenIdConnect)})
"""At the client."""

VALIDATORS: Mapping[str, type[Any]] = MappingProxyType(
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
    }
)
"""At a service, and at a gateway too."""

GATEWAY_VALIDATORS: Mapping[str, type[Any]] = MappingProxyType(
    {part.name: part for part in (PhantomToken, SplitTokenGateway)}
)
"""At a gateway only: they pass another credential inwards than the one presented."""

PROPAGATORS: Mapping[str, type[Any]] = MappingProxyType({part.name: part for part in (PassThrough, TokenExchange)})
"""At a service that calls others."""

WRAPPERS: Mapping[str, type[Any]] = MappingProxyType(
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
    }
)
"""Around the parts of a design."""

CATALOGUE: Mapping[str, Mapping[str, type[Any]]] = MappingProxyType(
    {
        "client": PRESENTERS,
        "gateway": MappingProxyType({Relay.name: Relay, **VALIDATORS, **GATEWAY_VALIDATORS}),
        "service": VALIDATORS,
        "inner_service": VALIDATORS,
        "downstream": PROPAGATORS,
        "authorization_server": ISSUERS,
        "wrappers": WRAPPERS,
    }
)
"""Place -> name -> part."""

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
    "Retry",
    "SensitiveIntrospection",
    "SessionJwtIssuer",
    "SessionJwtValidator",
    "SignedIntrospection",
    "SigningReferenceToken",
    "SplitTokenGateway",
    "SplitTokenIssuer",
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
]
