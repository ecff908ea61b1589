"""What parts are: the roles they play at their places, and what a deployment tells them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Context, Flow
from simlib.scenario.messages import TokenRow
from simlib.scenario.verdict import Verdict
from simlib.tokens import SharedSecret, SigningKey, generate_shared_secret

TokenFormat = Literal["opaque", "jwt"]

_SHARED_SECRET = partial(generate_shared_secret, "2026-01")


@dataclass(frozen=True)
class Credentials:
    """What a confidential client authenticates with (RFC 6749 section 2.3.1)."""

    client_id: str
    client_secret: str


@dataclass(frozen=True)
class Deployment:
    """What the world and the design tell every part.

    ``make_key`` builds the signing key of a choice such as RS256 or RS256-3072, for parts that sign with a key pair.
    ``shared_secret`` gives the HS256 secret, the same to the authorization server and to every resource server: each
    of them can sign tokens that all others believe.
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


class Presented(NamedTuple):
    """A token as it reached the resource server, and the scope that the route asks for."""

    token: str
    scope: str


class Grant(NamedTuple):
    """What the authorization server has decided to issue a token for."""

    subject: str
    client_id: str
    scope: str


class Issued(NamedTuple):
    """A new access token; instants in seconds."""

    token: str
    subject: str
    issued_at: float
    expires_at: float


class Bound(NamedTuple):
    """What a validator promises: seconds that a token may be accepted after its expiry, and after its revocation."""

    after_expiry_s: float
    after_revocation_s: float


class Part(Protocol):
    """A choice at one place of a design."""

    name: ClassVar[str]
    summary: ClassVar[str]
    token_format: ClassVar[TokenFormat | None]
    """The format it issues or validates; None when it takes any."""
    Settings: ClassVar[type[Any]]

    @staticmethod
    def operations(settings: Any, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile under its settings; ``store.get``, ``.put``, ``.revoke`` for any store."""


class Issuer(Part, Protocol):
    """At the authorization server: makes access tokens, and can tell what one of its own is worth."""

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Make an access token."""

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """What an access token stands for now; None when it is not active."""

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Let an access token be inactive from now on; whether there was such a token."""

    def keys(self) -> tuple[SigningKey, ...]:
        """The keys whose public halves the JWKS endpoint serves."""


class Validator(Part, Protocol):
    """At the resource server: turns a presented token into a verdict."""

    user_information_sources: ClassVar[tuple[UserInformationSource, ...]]
    caches_answers: ClassVar[bool]

    def bound(self) -> Bound:
        """What this validator promises under its settings."""

    def initial_state(self) -> Any:
        """The state of one replica, as it starts."""

    def validate(self, ctx: Context, state: Any, presented: Presented) -> Flow[Verdict]:
        """Decide about one token."""


class Presenter(Part, Protocol):
    """At the client: obtains access tokens and presents them."""

    def initial_state(self, user: int) -> Any:
        """The state of one user's client before it has a token."""

    def request(self, ctx: Context, state: Any, needs_user_information: bool) -> Flow[Any]:
        """One API request, with everything it takes; returns the last answer."""
