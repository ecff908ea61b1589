"""Values that parts pass to each other, the configuration that a deployment gives to each of its parts, and checks of
their settings.

Each check raises ValueError, worded for the author of a scenario file.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import inf, isfinite, nan
from types import MappingProxyType
from typing import Any, NamedTuple

from simlib.scenario.design import UserInformationSource
from simlib.tokens import (
    EncryptionKey,
    SharedSecret,
    SigningKey,
    TokenFormat,
    generate_encryption_key,
    generate_shared_secret,
)

_SHARED_SECRET = partial(generate_shared_secret, "2026-01")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Credentials:
    """Identifier and secret of a confidential client (RFC 6749 section 2.3.1)."""

    client_id: str
    client_secret: str


@dataclass(frozen=True)
class DeploymentConfig:
    """Settings of world and design that every part receives.

    ``make_key`` builds the signing key of a choice such as RS256 or RS256-3072, for parts that sign with a key pair.
    ``shared_secret`` gives the HS256 secret, the same to the authorization server and to every resource server: each of
    them can sign tokens that all others accept. ``encryption_key`` gives the key pair of a resource server by
    algorithm and audience, of which the authorization server uses the public half. ``subscribers``: place -> the call
    targets at which each replica of its host receives what the authorization server pushes. ``regions`` are all
    regions, ``region`` the one where this part stands; both are empty in a world without regions.
    """

    issuer: str
    audience: str
    scope: str
    token_lifetime_s: float
    user_information: UserInformationSource
    resource_server: Credentials
    client: Credentials
    user_claims: Callable[[str], Mapping[str, str]]
    make_key: Callable[[str], SigningKey]
    shared_secret: Callable[[], SharedSecret] = _SHARED_SECRET
    encryption_key: Callable[[str, str], EncryptionKey] = generate_encryption_key
    subscribers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    region: str = ""


class PresentedToken(NamedTuple):
    """A token as it reached a resource server or gateway, with the request that carried it.

    ``scope`` is what the route requires, ``sensitive`` whether a stale answer would be costly there. ``scheme`` is the
    authentication scheme ("bearer" or "dpop", lower case), ``proof`` the DPoP proof, ``certificate`` the thumbprint of
    the caller's TLS certificate; ``method`` and ``uri`` are those of the HTTP request (RFC 9449 section 4.3).
    ``needs_user_information``: the work to be done takes claims about the user.
    """

    token: str
    scope: str
    sensitive: bool = False
    scheme: str = "bearer"
    proof: str = ""
    certificate: str = ""
    method: str = "GET"
    uri: str = ""
    needs_user_information: bool = False


class Grant(NamedTuple):
    """The grant for which the authorization server issues a token.

    ``confirmation`` is the ``cnf`` claim (RFC 7800), ``audience`` another resource server than the usual one, ``actor``
    who acts for the subject (RFC 8693 section 4.1), ``claims`` further claims of the token.
    """

    subject: str
    client_id: str
    scope: str
    confirmation: Mapping[str, str] = _NOTHING
    audience: str = ""
    actor: str = ""
    claims: Mapping[str, Any] = _NOTHING


class Issued(NamedTuple):
    """A new access token; instants in seconds."""

    token: str
    subject: str
    issued_at: float
    expires_at: float


class Bound(NamedTuple):
    """Bound of a validator: seconds that a token may be accepted after its expiry, and after its revocation."""

    after_expiry_s: float
    after_revocation_s: float


class RequestDemand(NamedTuple):
    """Demand at one replica of a validator: the longest time between two of its requests that is to be expected
    (seconds), the users whose tokens it sees, and the shares of requests on sensitive routes and of those that need
    claims about the user."""

    longest_gap_s: float
    users: int = 1
    sensitive_share: float = 0.0
    user_information_share: float = 0.0


class ServerDependency(NamedTuple):
    """Something that a validator needs of the authorization server: keys, a list, an answer about a token.

    ``lasts_s``: seconds for which every valid token surely finds it once the server has stopped answering, whenever
    that happens; 0 where a token that is new needs a call, NaN where a part does not declare it. ``renewed_s``: seconds
    from one answer to the next, at most, while the server answers and requests come; infinite where no request fetches.
    """

    lasts_s: float
    renewed_s: float = inf


ServerDependencies = tuple[ServerDependency, ...]
UNDECLARED = ServerDependency(nan)
CALLED_FOR_NEW_TOKENS = ServerDependency(0.0)


def check_positive(key: str, value: float) -> None:
    """Refuse what is not a finite number above 0."""
    if not (isfinite(value) and value > 0):
        raise ValueError(f"{key} must be a finite number above 0")


def check_at_least(key: str, value: float, least: float) -> None:
    """Refuse what is not a finite number of at least ``least``."""
    if not (isfinite(value) and value >= least):
        raise ValueError(f"{key} must be a finite number of at least {least:g}")


def check_numbers(settings: object, positive: Iterable[str] = (), **least: float) -> None:
    """Refuse settings that are not finite, those in ``positive`` unless above 0, each other from its least value."""
    for key in positive:
        check_positive(key, getattr(settings, key))
    for key, lowest in least.items():
        check_at_least(key, getattr(settings, key), lowest)


def check_share(key: str, value: float) -> None:
    """Refuse what is not a number from 0 to 1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{key} must be a share from 0 to 1")


def check_one_of(key: str, value: str, allowed: tuple[str, ...], also: str = "") -> None:
    """Refuse a word that is not on the list; ``also`` continues the message with what else is allowed."""
    if value not in allowed:
        raise ValueError(f"{key} must be one of {', '.join(allowed)}{also}")


def check_each_of(key: str, values: Iterable[str], allowed: tuple[str, ...], also: str = "") -> None:
    """Refuse a list with a word that is not allowed."""
    for value in values:
        check_one_of(key, value, allowed, also)


def describe_missing_package(part: type[Any]) -> str:
    """Describe the optional package that the token formats of a part need and that is missing; empty when none is."""
    formats = (getattr(part, "token_format", None), getattr(part, "forwards", None))
    sentences = (each.describe_missing_package(part.name) for each in formats if isinstance(each, TokenFormat))
    return next(filter(None, sentences), "")


def check_package(part: str, token_format: TokenFormat) -> None:
    """Refuse a part whose token format needs a package that is not installed."""
    sentence = token_format.describe_missing_package(part)
    if sentence:
        raise ValueError(sentence)
