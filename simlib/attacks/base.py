"""Attack protocol: an attack is a set of generators of effects that an attack run executes against a target.

An attack uses the protocols and no knowledge of strategies. It begins with `AttackerAssets`, prepares one or several
candidates, and attempts each. The run, and not the attack, counts successes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

from simlib.scenario.effects import Answer, Call, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest

ATTACKER_URI = "https://attacker.example"
JWKS_URI = f"{ATTACKER_URI}/jwks"
"""Address of the attacker's key set, the target of a server that fetches it."""
BROWSER = "browser"
"""The victim's browser, which follows the attacker's links. The form has a ``step``: "redirect" (with a ``location`` of
the client), "authorize" (with the parameters of the authorization endpoint, where the user then signs in; the body of
the reply is the redirect's location, if that is the attacker's), "device" (with a ``user_code``), or "other_server"
(the user signs in at the client with the attacker's authorization server)."""
OWN_BROWSER = "own_browser"
"""The attacker's own session at the client, in which the code of the redirect is replaced by ``code``."""
OWNER = "owner"
"""The user whose token was stolen, who has it revoked on request."""
OPEN_ROUTE = "api/open"
"""A route of the API that accepts a token of any scope."""


AUTHORIZE_AT_ATTACKER, TOKEN_AT_ATTACKER = "authorize@attacker", "token@attacker"
"""Endpoints of the attacker's own authorization server."""
ATTACKER_TARGETS = (JWKS_URI, AUTHORIZE_AT_ATTACKER, TOKEN_AT_ATTACKER)
"""Targets that the attacker's host serves, for attacks that have an endpoint there."""

_NOTHING = HttpRequest()


@dataclass(frozen=True)
class AttackerAssets:
    """Assets with which an attacker begins; the attack run has obtained them by real requests.

    The first fields are public knowledge and the attacker's own account at the same server and the same client.
    ``as_client`` presents a token to the API as the attacker's own client does, with proofs by its own key where the
    design requires any; ``as_client_at_open_route`` does so at `OPEN_ROUTE`; ``by_own_key`` sends the calls of any
    other flow so. The others are those that ``needs`` of an attack can name; each is empty where there is none.
    """

    issuer: str
    audience: str
    scope: str
    client_id: str
    redirect_uri: str
    victim: str
    login: str
    password: str
    own_token: str
    confirmation: Mapping[str, str]
    as_client: Callable[[str], Flow[Answer]]
    as_client_at_open_route: Callable[[str], Flow[Answer]]
    by_own_key: Callable[[Flow[Answer]], Flow[Answer]]
    stolen_request: HttpRequest = _NOTHING
    encryption_jwk: Mapping[str, Any] | None = None
    shared_secret: bytes = b""
    expired_token: str = ""
    early_token: str = ""
    token_for_another_api: str = ""
    token_of_another_tenant: str = ""
    id_token: str = ""
    id_token_for_the_api: str = ""
    narrow_token: str = ""
    fresh_redirect: str = ""
    redirects: tuple[str, ...] = ()
    token_requests: tuple[HttpRequest, ...] = ()
    client_authorization: str = ""
    device_grant: bool = False
    browser_storage: Mapping[str, str] | None = None
    refresh_token: str = ""
    refresh_tokens_exist: bool = False

    @property
    def stolen_token(self) -> str:
        """The token of the stolen request."""
        return self.stolen_request.authorization.partition(" ")[2]


class Candidate(NamedTuple):
    """One value to attempt, such as a forged token, and its label."""

    label: str
    value: Any


class PreparationFailure(NamedTuple):
    """The preparation was refused: for ``reason``, or when that is empty by the last reply to the attacker."""

    reason: str = ""


class NotApplicable(NamedTuple):
    """The target has nothing that the attack applies to."""

    reason: str


Preparation = tuple[Candidate, ...] | PreparationFailure | NotApplicable
Handler = Callable[[HttpRequest], Flow[Reply]]


class Attack(Protocol):
    """``needs`` are the fields of `AttackerAssets` to be obtained. ``single_use``: a candidate cannot succeed twice.

    ``work_threshold``: when above 0 the attack is a denial of service and succeeds when one attempt makes a server
    produce more bytes, or do more iterations, than that. Else an attempt succeeds when the reply has status 200.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    against: ClassVar[Literal["token", "flow"]]
    needs: ClassVar[tuple[str, ...]]
    single_use: ClassVar[bool]
    work_threshold: ClassVar[int]

    def __init__(self, assets: AttackerAssets) -> None: ...

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Make the candidates: fetch, wait, forge."""

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Attempt one candidate once."""

    def list_endpoints(self) -> Mapping[str, Handler]:
        """Return target -> handler of the endpoints on the attacker's host."""


class TokenAttack:
    """Base of attacks on tokens, which presents each candidate as the attacker's own client does."""

    against: ClassVar[Literal["token", "flow"]] = "token"
    needs: ClassVar[tuple[str, ...]] = ()
    single_use: ClassVar[bool] = False
    work_threshold: ClassVar[int] = 0

    def __init__(self, assets: AttackerAssets) -> None:
        self.assets = assets

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Present a token to the API."""
        return self.assets.as_client(candidate.value)

    def list_endpoints(self) -> Mapping[str, Handler]:
        """Return no endpoint."""
        return {}


class FlowAttack(TokenAttack):
    """Base of attacks on flows, whose candidates are tokens that they obtain, presented in the same way."""

    against: ClassVar[Literal["token", "flow"]] = "flow"


def send(target: str, request: HttpRequest) -> Flow[Answer]:
    """Send one request of the attacker."""
    answer: Answer = yield Call(target, request)
    return answer
