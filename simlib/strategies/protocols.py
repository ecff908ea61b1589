"""Protocols of the parts at each place of a design: issuer, validator, presenter, propagator and wrapper."""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, runtime_checkable

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Context, Failed, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest, TokenRow
from simlib.strategies.base import (
    CALLED_FOR_NEW_TOKENS,
    UNDECLARED,
    Bound,
    DeploymentConfig,
    Grant,
    Issued,
    PresentedToken,
    RequestDemand,
    ServerDependencies,
)
from simlib.tokens import SigningKey, TokenFormat

Endpoint = Callable[[Context, HttpRequest, Any], Flow[Reply]]
"""An endpoint of the authorization server: context, request, and the server's own values."""


class Part(Protocol):
    """A choice at one place of a design, as a class of the catalogue; its instances follow a protocol below."""

    name: ClassVar[str]
    summary: ClassVar[str]
    token_format: ClassVar[TokenFormat | None]
    """The format it issues or validates; None when it takes any."""
    Settings: ClassVar[type[Any]]

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile; ``store.get``, ``store.put``, ``store.revoke`` for any store."""


class Issuer(Protocol):
    """At the authorization server: issues, inspects and revokes access tokens."""

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Issue an access token."""

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Find the row that an access token stands for now; None when it is not active."""

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Revoke an access token; returns whether there was such a token."""

    def list_keys(self) -> tuple[SigningKey, ...]:
        """List the keys whose public halves the JWKS endpoint serves."""


class Validator(Protocol):
    """At a resource server or gateway: turns a presented token into a verdict.

    A validator that is only for gateways has ``forwards``: the format of the credential that it passes inwards. One
    that keeps something of single tokens, and has room for a number of them, may have ``capacity``: that number, or
    None. For how long it keeps what is measured and need not be said.
    """

    @property
    def user_information_sources(self) -> tuple[UserInformationSource, ...]:
        """Sources that claims about the user may come from."""

    @property
    def caches_answers(self) -> bool:
        """True if it caches answers of the authorization server."""

    @property
    def asks_authorization_server(self) -> bool:
        """True if it may call the authorization server about a token that is new to it before it decides.

        Fetches of keys and lists for all tokens, and of claims about the user, do not count.
        """

    def compute_bound(self) -> Bound:
        """Compute the bound on late acceptance under its settings."""

    def create_state(self) -> Any:
        """Create the state of one replica, as it starts."""

    def validate(self, ctx: Context, state: Any, presented: PresentedToken) -> Flow[Verdict]:
        """Decide about one token."""


@runtime_checkable
class OutageDeclarer(Protocol):
    """A validator that declares for how long it does without the authorization server; every built-in one does."""

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List what it needs of the authorization server under its settings; empty when it needs nothing."""


def list_server_dependencies(validator: Validator, demand: RequestDemand) -> ServerDependencies:
    """List what a validator needs of the authorization server; without a declaration it counts as undeclared."""
    if isinstance(validator, OutageDeclarer):
        return validator.list_server_dependencies(demand)
    return (CALLED_FOR_NEW_TOKENS if validator.asks_authorization_server else UNDECLARED,)


@runtime_checkable
class BackgroundWorker(Protocol):
    """A validator with work of its own, such as polling, in each replica from the start of the run to its end."""

    def list_background_tasks(self, ctx: Context, state: Any) -> tuple[Flow[None], ...]:
        """List generators that never end. Each begins with a drawn phase, so that replicas do not work in step."""


@runtime_checkable
class PushReceiver(Protocol):
    """A validator to which the authorization server pushes; it answers at `DeploymentConfig.subscribers`."""

    def receive(self, ctx: Context, state: Any, request: HttpRequest) -> Flow[Reply]:
        """Receive one push."""


@runtime_checkable
class StationaryStarter(Protocol):
    """A validator that keeps something of very many requests, which are not made again one by one before a run that
    begins in a stationary state. What is kept of single tokens, or fetched for all, needs nothing of the kind.
    """

    def begin_stationary(self, state: Any, requests_per_s: float, draw: Callable[[], float]) -> None:
        """Bring the state of one replica to where it is at instant 0 after that many requests per second for long.

        ``draw``: a uniform in [0, 1), another one each time.
        """


class Presenter(Protocol):
    """At the client: obtains access tokens and presents them."""

    @property
    def authorization(self) -> str:
        """The Authorization header of the client at the authorization server."""

    @property
    def useful_life_s(self) -> float:
        """Seconds from issue for which the client uses a token, 0 when it renews for every request."""

    def request(self, ctx: Context, state: Any, request: HttpRequest) -> Flow[Any]:
        """Make one API request, with all calls that it takes; returns the last answer."""

    def wrap_flow(self, ctx: Context, state: Any, flow: Flow[Any]) -> Flow[Any]:
        """Wrap another flow of the same client, such as redeeming a code: it makes calls as this part does."""


@runtime_checkable
class CommonFetcher(Protocol):
    """A client that fetches something once for all of its users when tokens come, and uses it for a while."""

    @property
    def common_life_s(self) -> float:
        """Seconds for which it is used."""

    def fetch_common(self, ctx: Context) -> Flow[Any]:
        """Fetch it, unless it is there."""


class Propagator(Protocol):
    """At a service that calls others: obtains the credential for these calls.

    ``own_audiences``: each inner service gets tokens issued for it; else all accept the audience of the first. One that
    keeps tokens, and has room for a number of them, may have ``capacity``.
    """

    @property
    def own_audiences(self) -> bool:
        """True if inner services have audiences of their own."""

    def create_state(self) -> Any:
        """Create the state of one replica, as it starts."""

    def obtain_credential(self, ctx: Context, state: Any, token: str, audience: str) -> Flow[str | Failed]:
        """Obtain the token for a call to ``audience`` on behalf of the bearer of ``token``.

        Empty when the authorization server issues none for it, `Failed` when the server cannot be reached.
        """


class Wrapper(Protocol):
    """An addition to the parts of a design, in the order of its list: a binding, a denylist, a cache.

    ``formats``: token formats whose validators it can wrap. ``at_edge``: it wraps the validator that receives tokens
    from clients (the gateway if there is one), because only that one can check it; otherwise that of every service,
    and with ``everywhere`` that of the gateway too.

    Further members, for wrappers that cannot stand anywhere in a list: ``binds`` (it binds tokens to their client, as
    one wrapper may), ``comes_first``, ``comes_before_bindings``, ``comes_last(settings)``, ``comes_after`` (wrapper ->
    the reason; another order is refused), ``usually_after`` (the same; another order is warned about), and
    ``learns_from_lists`` (a list that is older than a token's life is warned about).
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    formats: ClassVar[frozenset[TokenFormat]]
    at_edge: ClassVar[bool]
    everywhere: ClassVar[bool] = False
    Settings: ClassVar[type[Any]]

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile under its settings, beside those of the part that it wraps."""

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator."""
        return validator

    def wrap_presenter(self, presenter: Presenter) -> Presenter:
        """Wrap the client's part."""
        return presenter

    def wrap_issuer(self, issuer: Issuer) -> Issuer:
        """Wrap the authorization server's part."""
        return issuer

    def wrap_endpoint(self, target: str, endpoint: Endpoint) -> Endpoint:
        """Wrap an endpoint of the authorization server."""
        return endpoint

    def adjust_initial_grant(self, user: int, grant: Grant) -> Grant:
        """Adjust the grant of a token that a user's client has held since before the run began."""
        return grant
