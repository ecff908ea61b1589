"""A design deployed for an attack: two users signed in, everything listened to, and the attacker's loot in reach."""

from dataclasses import replace
from typing import Any, NamedTuple

from simlib.attacks import OPEN_ROUTE, SERVED, Attack, Loot
from simlib.engine.arena.ground import ATTACKER_USER, OWNER_USER, Ground, prepared
from simlib.engine.arena.loot import OBTAINING, confirmation
from simlib.engine.arena.network import ATTACKER, attacked
from simlib.engine.arena.people import People
from simlib.engine.arena.presenting import holding, presenter_of
from simlib.engine.arena.renaming import renamed
from simlib.engine.clients import password_of, subject_of
from simlib.engine.deployed import Deployed
from simlib.engine.journey import Journey
from simlib.engine.tracing import Tracer
from simlib.scenario.effects import Answer, Call, Flow, Reply, Sleep
from simlib.scenario.errors import InputError
from simlib.scenario.messages import HttpRequest
from simlib.scenario.places import BACKEND, CLIENT
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from simlib.scenario.verdict import Verdict
from simlib.services import AuthorizationServer, digest_of
from simlib.stores import STORES

PAUSE_S = 1.0
"""Between the steps before the attack."""
USES = 100
"""So often in a token's life its owner uses it while a flow is attacked (assumption)."""


class Message(NamedTuple):
    """One request of the attacker, or one to the attacker's own host, and its answer; ``instant`` in seconds."""

    instant: float
    sender: str
    target: str
    request: HttpRequest
    answer: Any = None


class Decided(NamedTuple):
    """A verdict and the host that gave it."""

    host: str
    verdict: Verdict


class Field:
    """One replication of one ground. Raises InputError when the design does not even serve its own clients."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        scenario, self.design = prepared(ground)
        self.flow = self.design.flows[ground.kind]
        self.lifetime_s: float = self.design.token_lifetime_s
        store = ground.scenario.world.store.kind
        kind = STORES["dict" if store == "database" else store]
        self.sink = MemorySink()
        self.deployed: Deployed = Deployed(scenario, self.design, Variates(scenario.run.seed, 0), kind, self.sink)
        self.people = People(self.deployed, ground.kind)
        self.server = self._server()
        self.network = attacked(self.deployed, self.people, self.server, ground.server, self._serve)
        self.tracer = Tracer(self.network, self.deployed.variates)
        self.attack: Attack | None = None
        self.messages: list[Message] = []
        self.decided: list[Decided] = []
        self.put_out = 0
        self.api_request = HttpRequest()
        self.redirects: list[str] = []
        self.token_requests: list[HttpRequest] = []
        self.refresh_tokens_exist: bool = False
        self.own_token = ""

    def close(self) -> None:
        """Let go of the token stores."""
        self.deployed.close()

    def _server(self) -> AuthorizationServer:
        """The design's own, at which the client is registered under the API's name as well."""
        value = self.deployed.values[""]
        client, name = self.people.client(ATTACKER_USER), self.deployed.parts.deployment.audience
        known = {name: digest_of(client.secret)} if client.secret else {}
        return replace(
            value,
            clients={**value.clients, **known},
            public_clients=value.public_clients | (frozenset() if client.secret else {name}),
            registrations={**value.registrations, name: value.registration(client.client_id)},
        )

    def _serve(self, target: str, request: HttpRequest) -> Flow[Reply]:
        handlers = {} if self.attack is None else self.attack.endpoints()
        if target not in handlers:
            yield from ()
            return Reply(404)
        return (yield from handlers[target](request))

    # --- before the attack -------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """The owner signs in and calls the API, while somebody reads along; then the attacker does the same."""
        self.tracer.on_request, self.tracer.on_answer = self._overhear, self._overhear_answer
        self._use_once(OWNER_USER)
        self.tracer.on_request, self.tracer.on_answer = _ignore, _ignore
        self._use_once(ATTACKER_USER)
        held = self.deployed.population.client(ATTACKER_USER).held
        self.own_token = "" if held is None else held.token
        self.people.redirects = bool(self.redirects)

    def _use_once(self, user: int) -> None:
        self.deployed.population.newcomer(user)
        self.tracer.let_pass(self.tracer.now + PAUSE_S)
        answer = self.tracer.ask(CLIENT, self.network.entry[1], Journey(user, user, self.tracer.now, False))
        if answer.status != 200:
            raise InputError(
                f"{self.ground.scenario.name}: designs.{self.design.name}: its own client gets {answer.status} from "
                "the API, so there is nothing to attack"
            )

    def keep_owner_busy(self) -> None:
        """From now on the owner uses the API as long as everything lasts, and the client renews what has ended."""
        self.tracer.begin(CLIENT, self._use())

    def _use(self) -> Flow[None]:
        entry, tracer = self.network.entry[1](self.tracer.context(CLIENT)), self.tracer
        while True:
            yield Sleep(self.lifetime_s / USES)
            yield from entry(Journey(OWNER_USER, OWNER_USER, tracer.now, False))

    def _overhear(self, party: str, call: Call) -> None:
        if party in (CLIENT, BACKEND) and call.target == "api":
            self.api_request = call.request._replace(certificate="")
        if party in (CLIENT, BACKEND) and call.target == "token":
            self.token_requests.append(call.request)

    def _overhear_answer(self, party: str, target: str, answer: Any) -> None:
        if target == "authorize" and isinstance(answer, Reply) and answer.status == 302:
            self.redirects.append(answer.body.decode())
        if target == "token" and isinstance(answer, Reply) and b'"refresh_token"' in answer.body:
            self.refresh_tokens_exist = True

    # --- the attacker ------------------------------------------------------------------------------------------------

    def loot(self, needs: tuple[str, ...]) -> Loot:
        """What the attacker begins with, ``needs`` included."""
        client = self.people.client(ATTACKER_USER)
        deployment, login = self.deployed.parts.deployment, subject_of(ATTACKER_USER)
        return Loot(
            issuer=deployment.issuer,
            audience=deployment.audience,
            scope=deployment.scope,
            client_id=client.client_id,
            redirect_uri=client.redirect_uri,
            victim=subject_of(OWNER_USER),
            login=login,
            password=password_of(login, self.deployed.variates),
            own_token=self.own_token,
            confirmation=confirmation(self),
            as_client=self._present,
            as_client_at_open_route=lambda token: renamed(self._present(token), {"api": OPEN_ROUTE}),
            by_own_key=self._by_own_key,
            **{name: OBTAINING[name][1](self) for name in needs},
        )

    def _present(self, token: str) -> Flow[Answer]:
        context, state = self.tracer.context(ATTACKER), holding(token, ATTACKER_USER)
        return presenter_of(self.deployed.parts).request(context, state, HttpRequest())

    def _by_own_key(self, flow: Flow[Answer]) -> Flow[Answer]:
        context = self.tracer.context(ATTACKER)
        return presenter_of(self.deployed.parts).on_behalf(context, holding("", ATTACKER_USER), flow)

    def listen(self) -> None:
        """Note everything that the attacker sends and gets, what hosts decide, and what their work comes to."""
        self.tracer.on_request, self.tracer.on_answer = self._sent, self._answered
        self.tracer.on_verdict = lambda host, verdict: self.decided.append(Decided(host, verdict))
        self.tracer.on_work = self._worked

    def _sent(self, party: str, call: Call) -> None:
        if party == ATTACKER or call.target in SERVED:
            self.messages.append(Message(self.tracer.now, party, call.target, call.request))

    def _answered(self, party: str, target: str, answer: Any) -> None:
        """To the last request of that sender that has none; nobody of them has two under way."""
        for number in range(len(self.messages) - 1, -1, -1):
            if self.messages[number].sender == party and self.messages[number].answer is None:
                if party == ATTACKER or target in SERVED:
                    self.messages[number] = self.messages[number]._replace(answer=answer)
                return

    def _worked(self, host: str, operation: str, result: Any) -> None:
        if host != ATTACKER:
            self.put_out += weight(result)


def weight(result: Any) -> int:
    """What a piece of work has put out: characters and bytes of its texts, and iterations where it tells of any."""
    parts = result if isinstance(result, tuple) else (result,)
    return sum(len(part) for part in parts if isinstance(part, str | bytes)) + int(getattr(result, "iterations", 0))


def _ignore(*told: Any) -> None:
    """Nobody reads along."""
