"""Interception of a part's outgoing calls: its generator is driven with some calls made in another way.

Retries, DPoP proofs and circuit breakers need it. Also the reading of answers that they share: what counts as a failure
of the server, and when the request was made that an answer belongs to."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from simlib.scenario.effects import Answer, Call, Failed, Flow, Once, Reply

T = TypeVar("T")


TOO_MANY = 429


_TARGETS = frozenset({"introspect", "jwks", "revocations", "status_list", "token"})


CallSender = Callable[[Call], Flow[Answer]]
"""Makes one call in the part's stead, and returns its answer."""


TargetPredicate = Callable[[str], bool]
"""Whether calls of a target are meant."""


def intercept_calls(flow: Flow[T], chosen: TargetPredicate, outgoing: CallSender) -> Flow[T]:
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


def _shared(once: Once, chosen: TargetPredicate, outgoing: CallSender) -> Flow[Any]:
    return intercept_calls(once.work(), chosen, outgoing)


def is_authorization_server(target: str) -> bool:
    """Whether a resource server that calls this target asks the authorization server, of whatever region."""
    return target.partition("@")[0] in _TARGETS


def find_failure(answer: Answer) -> Failed | None:
    """The failure of the server or of the way to it; None for an answer, whatever it says about what was asked."""
    if isinstance(answer, Failed):
        return answer
    if answer.status >= 500 or answer.status == TOO_MANY:
        return Failed("status", answer.status, answer.retry_after)
    return None


def find_request_time(answer: Answer, first: float) -> float:
    """When the question was asked that this answers, in seconds; ``first`` when it was asked once."""
    asked_again = answer.asked_at if isinstance(answer, Reply) else None
    return first if asked_again is None else asked_again
