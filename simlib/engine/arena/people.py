"""The user and the attacker at work: the design's real clients and flows, as somebody leads them astray."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from simlib.attacks import ATTACKER_URI
from simlib.engine.arena.ground import ATTACKER_USER, OWNER_USER
from simlib.engine.arena.renaming import answered, renamed
from simlib.engine.clients import password_of, subject_of
from simlib.engine.deployed import Deployed
from simlib.engine.hosts import Handler
from simlib.engine.parts import PARTS
from simlib.engine.sign_in import sign_ins_of
from simlib.engine.thefts import revocation
from simlib.flows import Client, Obtained
from simlib.scenario.effects import Answer, Call, Context, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.scenario.places import BACKEND
from simlib.strategies import UserClient

OTHER_BACKEND = "bff/other"
"""The backend as it is when its user has chosen the attacker's authorization server."""


class People:
    """``kind`` is the client's kind. Generators are to be run on the client's host."""

    def __init__(self, deployed: Deployed, kind: str) -> None:
        self._deployed = deployed
        self._flow = PARTS["flows"][deployed.parts.design.flows[kind]]
        signing_in = sign_ins_of(deployed.world, deployed.parts, deployed.demand, deployed.variates)
        assert signing_in is not None
        self._sign_ins = signing_in
        self.redirects = False

    def client(self, user: int) -> Client:
        """The registered client at work for a user."""
        return self._sign_ins.client_at_work(user, 1)

    def sign_in(self, ctx: Context, client: Client, user: int, answer_to: Any = None) -> Flow[Obtained]:
        """One more sign-in of a user, bound to the user's key; ``answer_to`` answers in the server's stead."""
        flow = self._flow(self._flow.Settings(), client).obtain(ctx)
        led = flow if answer_to is None else answered(flow, "authorize", answer_to)
        obtained: Obtained = yield from self._deployed.parts.presenter.on_behalf(ctx, UserClient(user, "", None), led)
        return obtained

    def redirected(self, ctx: Context) -> Flow[str]:
        """Where the owner's browser is sent in a new sign-in, of which the client never hears; empty without."""
        seen: list[str] = []
        flow = self.sign_in(ctx, self.client(OWNER_USER), OWNER_USER, partial(_seen, seen))
        answer: Any = None
        while not seen:
            try:
                answer = yield flow.send(answer)
            except StopIteration:
                break
        return seen[0] if seen else ""

    # --- what the attacker can make them do --------------------------------------------------------------------------

    def browser(self, ctx: Context) -> Handler:
        """The owner's browser follows a link."""
        steps: Mapping[str, Callable[[Context, dict[str, str]], Flow[Reply]]] = {
            "redirect": self._arrive,
            "authorize": self._authorize,
            "device": self._approve,
            "other_server": self._elsewhere,
        }

        def handler(request: HttpRequest) -> Flow[Reply]:
            form = dict(parse_qsl(request.body.decode()))
            return steps[form.pop("step")](ctx, form)

        return handler

    def own_browser(self, ctx: Context) -> Handler:
        """The attacker signs in at the client as itself, and replaces the code in the redirect."""

        def handler(request: HttpRequest) -> Flow[Reply]:
            code = dict(parse_qsl(request.body.decode()))["code"]
            replacing = partial(_with_code, code)
            return _told(self.sign_in(ctx, self.client(ATTACKER_USER), ATTACKER_USER, replacing))

        return handler

    def owner(self, ctx: Context) -> Handler:
        """The owner has the access token revoked that the client holds."""

        def handler(request: HttpRequest) -> Flow[Reply]:
            population = self._deployed.population
            held = population.client(OWNER_USER).held
            if held is None:
                return Reply(404)
            known = population.application(OWNER_USER)
            answer: Answer = yield Call("revoke", revocation(held.token, known, ""))
            return Reply(answer.status)

        return handler

    def _arrive(self, ctx: Context, form: dict[str, str]) -> Flow[Reply]:
        """At the client, by a redirect that it did not cause."""
        waited: list[Call] = []
        redirect = partial(_sent_back, waited, form["location"])
        reply = yield from _told(self.sign_in(ctx, self.client(OWNER_USER), OWNER_USER, redirect))
        return reply if waited else Reply(404)  # a client that waits for no redirect has no page for one

    def _authorize(self, ctx: Context, form: dict[str, str]) -> Flow[Reply]:
        """At the authorization server, where the owner signs in; the attacker sees what leads to the attacker."""
        answer = yield from _ask("authorize", {**form, **self._typed()})
        if isinstance(answer, Failed):
            return Reply(502)
        if answer.status != 302:
            return answer
        host = urlsplit(answer.body.decode()).hostname or ""
        mine = host.endswith(urlsplit(ATTACKER_URI).netloc)
        return Reply(200, answer.body) if mine else Reply(302)

    def _approve(self, ctx: Context, form: dict[str, str]) -> Flow[Reply]:
        """At the page for devices, with a code that the owner was sent."""
        answer = yield from _ask("device_verification", {**form, **self._typed(), "decision": "approve"})
        return Reply(502) if isinstance(answer, Failed) else answer

    def _elsewhere(self, ctx: Context, form: dict[str, str]) -> Flow[Reply]:
        """The owner signs in at the client and chooses the attacker's authorization server."""
        if not self.redirects:
            yield from ()
            return Reply(404)
        honest = self.client(OWNER_USER)
        secret = "as registered there" if honest.secret else ""
        client = replace(honest, issuer=ATTACKER_URI, secret=secret)
        flow = self.sign_in(ctx, client, OWNER_USER, self._via_attacker)
        return (yield from _told(renamed(flow, {"token": "token@attacker", BACKEND: OTHER_BACKEND})))

    def _via_attacker(self, call: Call) -> Flow[Answer]:
        """To the attacker's server, and on to where that sends the browser: there the owner signs in."""
        asked = dict(parse_qsl(call.request.body.decode()))
        shown = {name: value for name, value in asked.items() if name not in ("login", "password")}
        answer = yield from _ask("authorize@attacker", shown)
        if isinstance(answer, Failed) or answer.status != 302:
            return answer
        return (yield from _ask("authorize", {**dict(parse_qsl(answer.body.decode())), **self._typed()}))

    def _typed(self) -> dict[str, str]:
        login = subject_of(OWNER_USER)
        return {"login": login, "password": password_of(login, self._deployed.variates)}


def _ask(target: str, form: Mapping[str, str]) -> Flow[Answer]:
    answer: Answer = yield Call(target, HttpRequest(body=urlencode(form).encode()))
    return answer


def _told(flow: Flow[Obtained]) -> Flow[Reply]:
    """How a sign-in ended: 200, or why not."""
    obtained = yield from flow
    if isinstance(obtained, TokenResponse):
        return Reply(200)
    return Reply(502) if isinstance(obtained, Failed) else obtained


def _sent_back(waited: list[Call], location: str, call: Call) -> Flow[Answer]:
    yield from ()
    waited.append(call)
    return Reply(302, location.encode())


def _seen(seen: list[str], call: Call) -> Flow[Answer]:
    answer: Answer = yield call
    if isinstance(answer, Reply) and answer.status == 302:
        seen.append(answer.body.decode())
    return answer


def _with_code(code: str, call: Call) -> Flow[Answer]:
    answer: Answer = yield call
    if isinstance(answer, Failed) or answer.status != 302:
        return answer
    address, _, query = answer.body.decode().partition("?")
    parameters = {**dict(parse_qsl(query)), "code": code}
    return answer._replace(body=f"{address}?{urlencode(parameters)}".encode())
