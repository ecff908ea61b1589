"""What an attack is: generators of effects, as everything of this floor, run by whoever has something to be attacked.

An attack knows the protocols and nothing of strategies. What it begins with is its `Loot`; it prepares one or several
things to try, and strikes with each. It counts nothing: who runs it does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

from simlib.scenario.effects import Answer, Call, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest

ATTACKER_URI = "https://attacker.example"
JWKS_URI = f"{ATTACKER_URI}/jwks"
"""Where the attacker serves a key set: the target of whoever fetches it."""
BROWSER = "browser"
"""The victim's browser, which the attacker can send somewhere with a link. Its form has a ``step``: "redirect" (with a
``location`` of the client), "authorize" (with the parameters of the authorization endpoint, where the user then signs
in; the answer's body is where that leads, if it leads to the attacker), "device" (with a ``user_code``), or
"other_server" (the user signs in at the client by the attacker's authorization server)."""
OWN_BROWSER = "own_browser"
"""The attacker's own session at the client, in which the code of the redirect is replaced by ``code``."""
OWNER = "owner"
"""The user whose token was stolen notices it and has it revoked."""
OPEN_ROUTE = "api/open"
"""A route of the API for which a token of any scope will do."""


AUTHORIZE_AT_ATTACKER, TOKEN_AT_ATTACKER = "authorize@attacker", "token@attacker"
"""The endpoints of an authorization server of the attacker's own."""
ATTACKER_TARGETS = (JWKS_URI, AUTHORIZE_AT_ATTACKER, TOKEN_AT_ATTACKER)
"""The targets that the attacker's host answers, when the attack has something to say there."""

_NOTHING = HttpRequest()


@dataclass(frozen=True)
class AttackerAssets:
    """What an attacker has to begin with; whoever runs the attack has obtained it by real steps.

    The first fields are public knowledge and the attacker's own account at the same server and the same client.
    ``as_client`` presents a token to the API as the attacker's own client does, with proofs by its own key where the
    design wants any; ``as_client_at_open_route`` the same at `OPEN_ROUTE`; ``by_own_key`` makes the calls of any other
    flow so. The rest is what ``needs`` of an attack may name; each is empty where there is no such thing.
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
    future_token: str = ""
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
    """One thing to try, and how it is called."""

    label: str
    value: Any


class PreparationFailure(NamedTuple):
    """The preparation failed: by the last answer that the attacker got, or ``by`` what there was not to be had."""

    reason: str = ""


class NotApplicable(NamedTuple):
    """There is nothing here that could be attacked so."""

    reason: str


Preparation = tuple[Candidate, ...] | PreparationFailure | NotApplicable
Handler = Callable[[HttpRequest], Flow[Reply]]


class Attack(Protocol):
    """``needs`` are the fields of `Loot` to be obtained. ``once``: a success cannot be repeated with the same thing.

    ``excess``: when above 0 the attack wants to keep a server busy, and succeeds when one strike makes it put out more
    bytes, or do more iterations, than that. Else a strike succeeds when it is answered by status 200.
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
        """Everything before the strikes: fetch, wait, forge."""

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Try one thing once."""

    def list_endpoints(self) -> Mapping[str, Handler]:
        """What the attacker's own host answers: target -> handler."""


class TokenAttack:
    """An attack on tokens: presents them as the attacker's own client does."""

    against: ClassVar[Literal["token", "flow"]] = "token"
    needs: ClassVar[tuple[str, ...]] = ()
    single_use: ClassVar[bool] = False
    work_threshold: ClassVar[int] = 0

    def __init__(self, assets: AttackerAssets) -> None:
        self.assets = assets

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Present a token."""
        return self.assets.as_client(candidate.value)

    def list_endpoints(self) -> Mapping[str, Handler]:
        """None."""
        return {}


class FlowAttack(TokenAttack):
    """An attack on flows: what it wins is a token, presented in the same way."""

    against: ClassVar[Literal["token", "flow"]] = "flow"


def send(target: str, request: HttpRequest) -> Flow[Answer]:
    """One request of the attacker."""
    answer: Answer = yield Call(target, request)
    return answer
