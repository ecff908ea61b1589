"""Interception of a part's outgoing calls: its generator is driven with some calls made in another way.

Retries, DPoP proofs and circuit breakers need it. Also the reading of answers that they share: what counts as a failure
of the server, and when the request was made that an answer belongs to.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from simlib.scenario.effects import Answer, Call, Failed, Flow, Once, Reply

T = TypeVar("T")

TOO_MANY = 429
_AUTHORIZATION_SERVER_TARGETS = frozenset({"introspect", "jwks", "revocations", "status_list", "token"})

CallSender = Callable[[Call], Flow[Answer]]
"""Makes one call in place of the part, and returns its answer."""

TargetPredicate = Callable[[str], bool]
"""Whether calls to a target are intercepted."""


def intercept_calls(flow: Flow[T], is_intercepted: TargetPredicate, send_call: CallSender) -> Flow[T]:
    """Drive a generator with its intercepted calls made by ``send_call``, those of its shared tasks too."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if isinstance(effect, Call) and is_intercepted(effect.target):
            answer = yield from send_call(effect)
        elif isinstance(effect, Once):
            answer = yield effect._replace(work=partial(_intercept_shared_task, effect, is_intercepted, send_call))
        else:
            answer = yield effect


def _intercept_shared_task(once: Once, is_intercepted: TargetPredicate, send_call: CallSender) -> Flow[Any]:
    return intercept_calls(once.work(), is_intercepted, send_call)


def is_authorization_server(target: str) -> bool:
    """Whether a resource server that calls this target calls the authorization server, of any region."""
    return target.partition("@")[0] in _AUTHORIZATION_SERVER_TARGETS


def find_failure(answer: Answer) -> Failed | None:
    """Find the failure of the server or of the network; None for an answer, whatever it says."""
    if isinstance(answer, Failed):
        return answer
    if answer.status >= 500 or answer.status == TOO_MANY:
        return Failed("status", answer.status, answer.retry_after)
    return None


def find_request_time(answer: Answer, first: float) -> float:
    """Find when the request was made that this answers, in seconds; ``first`` when it was made once."""
    repeated_at = answer.requested_at if isinstance(answer, Reply) else None
    return first if repeated_at is None else repeated_at
