"""The roles that parts play at their places of a design."""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, runtime_checkable

from simlib.scenario.design import UserInformationSource
from simlib.scenario.effects import Context, Failed, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest, TokenRow
from simlib.strategies.base import Bound, DeploymentConfig, Grant, Issued, PresentedToken, TokenFormat
from simlib.tokens import SigningKey

Endpoint = Callable[[Context, HttpRequest, Any], Flow[Reply]]
"""An endpoint of the authorization server: context, request, and the server's own values."""


class Part(Protocol):
    """A choice at one place of a design, as a class of the catalogue; the roles below are what its instances do."""

    name: ClassVar[str]
    summary: ClassVar[str]
    token_format: ClassVar[TokenFormat | None]
    """The format it issues or validates; None when it takes any."""
    Settings: ClassVar[type[Any]]

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile under its settings; ``store.get``, ``.put``, ``.revoke`` for any store."""


class Issuer(Protocol):
    """At the authorization server: makes access tokens, and can tell what one of its own is worth."""

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Make an access token."""

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """What an access token stands for now; None when it is not active."""

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Let an access token be inactive from now on; whether there was such a token."""

    def list_keys(self) -> tuple[SigningKey, ...]:
        """The keys whose public halves the JWKS endpoint serves."""


class Validator(Protocol):
    """At a resource server or gateway: turns a presented token into a verdict.

    A validator that is only for gateways has ``forwards``: the format of the credential that it passes inwards.
    """

    @property
    def user_information_sources(self) -> tuple[UserInformationSource, ...]:
        """Where claims about the user may come from."""

    @property
    def caches_answers(self) -> bool:
        """Whether it keeps answers of the authorization server."""

    @property
    def asks_authorization_server(self) -> bool:
        """Whether it may ask the authorization server about a token that is new to it before it decides.

        Keys and lists that are fetched for all tokens, and claims about the user, are not meant.
        """

    def compute_bound(self) -> Bound:
        """What this validator promises under its settings."""

    def create_state(self) -> Any:
        """The state of one replica, as it starts."""

    def validate(self, ctx: Context, state: Any, presented: PresentedToken) -> Flow[Verdict]:
        """Decide about one token."""


@runtime_checkable
class BackgroundWorker(Protocol):
    """A validator with work of its own, such as polling, in each replica from the start of the run to its end."""

    def list_background_tasks(self, ctx: Context, state: Any) -> tuple[Flow[None], ...]:
        """Generators that work for ever. Each begins with a drawn phase, so that replicas do not march in step."""


@runtime_checkable
class PushReceiver(Protocol):
    """A validator to which the authorization server pushes; it answers at `DeploymentConfig.subscribers`."""

    def receive(self, ctx: Context, state: Any, request: HttpRequest) -> Flow[Reply]:
        """Take in one push."""


class Presenter(Protocol):
    """At the client: obtains access tokens and presents them."""

    @property
    def authorization(self) -> str:
        """The Authorization header of the client at the authorization server."""

    @property
    def useful_life_s(self) -> float:
        """Seconds from issue for which the client uses a token, 0 when it renews for every request."""

    def request(self, ctx: Context, state: Any, request: HttpRequest) -> Flow[Any]:
        """One API request, with everything it takes; returns the last answer."""

    def wrap_flow(self, ctx: Context, state: Any, flow: Flow[Any]) -> Flow[Any]:
        """Another flow of the same client, such as redeeming a code, with its calls made as this part makes them."""


class Propagator(Protocol):
    """At a service that calls others: with which credential it does so.

    ``own_audiences``: each inner service gets tokens made out to it; else all accept the audience of the first.
    """

    @property
    def own_audiences(self) -> bool:
        """Whether inner services have audiences of their own."""

    def create_state(self) -> Any:
        """The state of one replica, as it starts."""

    def obtain_credential(self, ctx: Context, state: Any, token: str, audience: str) -> Flow[str | Failed]:
        """The token for a call to ``audience`` on behalf of the bearer of ``token``.

        Empty when the authorization server gives none for this token, `Failed` when it cannot be asked.
        """


class Wrapper(Protocol):
    """Something put around the parts of a design, in the order of its list: a binding, a denylist, a cache.

    ``formats``: the token formats that it can be put around. ``at_edge``: it wraps the validator where tokens come in
    from clients (the gateway if there is one), because only there can it be checked; otherwise that of every service,
    and with ``everywhere`` that of the gateway too.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    formats: ClassVar[frozenset[TokenFormat]]
    at_edge: ClassVar[bool]
    everywhere: ClassVar[bool] = False
    Settings: ClassVar[type[Any]]

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """What it charges to a cost profile under its settings, beside what it is put around."""

    def wrap_validator(self, validator: Validator) -> Validator:
        """The validator with this around it."""
        return validator

    def wrap_presenter(self, presenter: Presenter) -> Presenter:
        """The client's part with this around it."""
        return presenter

    def wrap_issuer(self, issuer: Issuer) -> Issuer:
        """The authorization server's part with this around it."""
        return issuer

    def wrap_endpoint(self, target: str, endpoint: Endpoint) -> Endpoint:
        """An endpoint of the authorization server with this around it."""
        return endpoint

    def adjust_initial_grant(self, user: int, grant: Grant) -> Grant:
        """What a token is issued for that a user's client had before the run began."""
        return grant
