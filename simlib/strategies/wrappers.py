"""What every wrapper has in common: a validator with something around it that leaves the rest as it was.

What wrappers have in common that change how a validator's calls to the authorization server are made.

What wrappers around the authorization server's part have in common.

What wrappers around a client's part have in common: they see its calls on their way out.

Driving a part's generator with some of its calls made in another way: what retries, proofs and breakers need.

What a wrapper makes of a verdict that it agrees with, after the time that its own checks took.
"""

from collections.abc import Callable, Mapping
from functools import partial
from math import inf
from typing import Any, NamedTuple, TypeVar

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Once, Reply, Verdict
from simlib.scenario.messages import HttpRequest, TokenRow
from simlib.strategies import refusals
from simlib.strategies.base import Bound, Grant, Issued, Presented
from simlib.strategies.roles import Background, Issuer, Presenter, Receiver, Validator
from simlib.tokens import SigningKey, judge_time, payload_of


class Around(NamedTuple):
    """The state of one replica: the wrapper's own and that of the validator inside."""

    own: Any
    inner: Any


class AroundValidator:
    """Passes everything on to the validator inside; a wrapper overrides what it changes.

    ``binds``: it refuses who cannot show a key. ``fails_open``: it accepts when nobody can tell, marked by the reason
    of the verdict.
    """

    def __init__(self, inner: Validator) -> None:
        self.inner = inner
        self.user_information_sources = inner.user_information_sources
        self.caches_answers = inner.caches_answers
        self.asks_authorization_server = inner.asks_authorization_server
        self.binds: bool = getattr(inner, "binds", False)
        self.fails_open: bool = getattr(inner, "fails_open", False)

    def bound(self) -> Bound:
        """What the validator inside promises."""
        return self.inner.bound()

    def own_state(self) -> Any:
        """The wrapper's own state in one replica, as it starts."""

    def initial_state(self) -> Around:
        """Both states."""
        return Around(self.own_state(), self.inner.initial_state())

    def validate(self, ctx: Context, state: Around, presented: Presented) -> Flow[Verdict]:
        """The verdict of the validator inside."""
        return (yield from self.inner.validate(ctx, state.inner, presented))

    def backgrounds(self, ctx: Context, state: Around) -> tuple[Flow[None], ...]:
        """The work that the validator inside does by itself; a wrapper adds its own."""
        return self.inner.backgrounds(ctx, state.inner) if isinstance(self.inner, Background) else ()

    def receive(self, ctx: Context, state: Around, request: HttpRequest) -> Flow[Reply]:
        """A push that is not the wrapper's is one for the validator inside; 404 when nobody takes it."""
        if isinstance(self.inner, Receiver):
            return (yield from self.inner.receive(ctx, state.inner, request))
        return Reply(404)


class AroundIssuer:
    """Passes everything on to the part inside; a wrapper overrides what it changes."""

    def __init__(self, inner: Issuer) -> None:
        self.inner = inner
        self.token_format = getattr(inner, "token_format", None)
        if hasattr(inner, "sign"):  # only a server with a key has it, and whoever looks must see the same
            self.sign = inner.sign

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Make an access token."""
        return self.inner.issue(ctx, grant)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """What an access token stands for now; None when it is not active."""
        return self.inner.inspect(ctx, token)

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Let an access token be inactive from now on; whether there was such a token."""
        return self.inner.revoke(ctx, token)

    def keys(self) -> tuple[SigningKey, ...]:
        """The keys whose public halves the JWKS endpoint serves."""
        return self.inner.keys()


class AroundJwtIssuer(AroundIssuer):
    """Around a part that issues signed tokens, which the server itself can read again."""

    def revoked_claims(self, ctx: Context, token: str) -> Flow[Mapping[str, Any] | None]:
        """Revoke a token; its claims when there was such a token, whose signature the part inside has then verified."""
        if not (yield from self.inner.revoke(ctx, token)):
            return None
        claims: Mapping[str, Any] = yield Compute("json.decode", partial(payload_of, token))
        return claims


T = TypeVar("T")

Outgoing = Callable[[Call], Flow[Answer]]
"""Makes one call in the part's stead, and returns its answer."""

Chosen = Callable[[str], bool]
"""Whether calls of a target are meant."""

_TARGETS = frozenset({"introspect", "jwks", "revocations", "status_list", "token"})
TOO_MANY = 429


def intercepted(flow: Flow[T], chosen: Chosen, outgoing: Outgoing) -> Flow[T]:
    """The same generator with its calls of chosen targets made by ``outgoing``, those of its shared tasks too."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if isinstance(effect, Call) and chosen(effect.target):
            answer = yield from outgoing(effect)
        elif isinstance(effect, Once):
            answer = yield effect._replace(work=partial(_shared, effect, chosen, outgoing))
        else:
            answer = yield effect


def _shared(once: Once, chosen: Chosen, outgoing: Outgoing) -> Flow[Any]:
    return intercepted(once.work(), chosen, outgoing)


def is_authorization_server(target: str) -> bool:
    """Whether a resource server that calls this target asks the authorization server, of whatever region."""
    return target.partition("@")[0] in _TARGETS


def failure_of(answer: Answer) -> Failed | None:
    """The failure of the server or of the way to it; None for an answer, whatever it says about what was asked."""
    if isinstance(answer, Failed):
        return answer
    if answer.status >= 500 or answer.status == TOO_MANY:
        return Failed("status", answer.status, answer.retry_after)
    return None


def question_of(answer: Answer, first: float) -> float:
    """When the question was asked that this answers, in seconds; ``first`` when it was asked once."""
    asked_again = answer.asked_at if isinstance(answer, Reply) else None
    return first if asked_again is None else asked_again


Make = Callable[[Context, Any, Call], Flow[Answer]]
"""Makes one call; the state is that of the replica."""


class AroundCalls(AroundValidator):
    """The validator inside with its calls to the authorization server, those of its background work too, made by
    ``make``; ``new_state`` gives each replica what ``make`` remembers.
    """

    def __init__(self, inner: Validator, new_state: Callable[[], Any], make: Make) -> None:
        super().__init__(inner)
        self._new_state = new_state
        self._make = make

    def own_state(self) -> Any:
        """What calls are remembered by."""
        return self._new_state()

    def validate(self, ctx: Context, state: Around, presented: Presented) -> Flow[Verdict]:
        """The verdict of the validator inside."""
        return self._intercepted(ctx, state, super().validate(ctx, state, presented))

    def backgrounds(self, ctx: Context, state: Around) -> tuple[Flow[None], ...]:
        """The work of the validator inside."""
        return tuple(self._intercepted(ctx, state, flow) for flow in super().backgrounds(ctx, state))

    def _intercepted(self, ctx: Context, state: Around, flow: Flow[Any]) -> Flow[Any]:
        return intercepted(flow, is_authorization_server, partial(self._make, ctx, state.own))


class AroundPresenter:
    """Passes everything on to the part inside; a wrapper overrides ``outgoing``, by which calls to ``targets`` go."""

    targets: frozenset[str] = frozenset({"api", "token"})

    def __init__(self, inner: Presenter) -> None:
        self.inner = inner
        self.authorization = inner.authorization

    @property
    def useful_life_s(self) -> float:
        """Seconds for which the part inside uses a token."""
        return self.inner.useful_life_s

    def outgoing(self, ctx: Context, state: Any, call: Call) -> Flow[Answer]:
        """Make one call."""
        answer: Answer = yield call
        return answer

    def request(self, ctx: Context, state: Any, request: HttpRequest) -> Flow[Any]:
        """One API request of the part inside."""
        return self._intercepted(ctx, state, self.inner.request(ctx, state, request))

    def on_behalf(self, ctx: Context, state: Any, flow: Flow[T]) -> Flow[T]:
        """Another flow of the same client, with its calls made as here."""
        return self._intercepted(ctx, state, self.inner.on_behalf(ctx, state, flow))

    def _intercepted(self, ctx: Context, state: Any, flow: Flow[T]) -> Flow[T]:
        return intercepted(flow, self.targets.__contains__, partial(self.outgoing, ctx, state))


def confirmed(verdict: Verdict, now: float, leeway: float, based_on: float = -inf) -> Verdict:
    """The accepted verdict, unless the token has ended by ``now``; seconds, with ``leeway`` granted at expiry.

    ``based_on`` is the instant of the word of the authorization server that the wrapper went by.
    """
    newest = max(verdict.based_on, based_on)
    untimely = judge_time(verdict.claims, now, leeway)
    return refusals.invalid_token(untimely, newest) if untimely else verdict._replace(based_on=newest)
