"""Effects: the interface between parts of a deployment and the driver that runs them, with answers and verdicts.

A service, strategy or flow is a generator that yields effects and receives their answers. It does no I/O, depends on
no simulator and counts nothing; the driver does all three.
"""

from collections.abc import Callable, Generator, Hashable, Mapping
from typing import Any, Literal, NamedTuple, NoReturn, Protocol, TypeVar


class Work(Protocol):
    """Function without arguments that the driver calls once."""

    def __call__(self) -> Any:
        """Do the work."""


class Compute(NamedTuple):
    """Work on the CPU of the host where the generator runs; answered by the result of ``work()``.

    ``operation`` names a row of the cost profile, whose seconds the host is charged.
    """

    operation: str
    work: Work | None = None


class Call(NamedTuple):
    """A request to another host; answered by a `Reply` or a `Failed`, never by an exception.

    ``timeout`` is in seconds; at the timeout the caller continues, and the callee is not stopped.
    """

    target: str
    request: Any
    timeout: float | None = None


class Sleep(NamedTuple):
    """Wait without using the CPU, in seconds; answered by None."""

    seconds: float


class Once(NamedTuple):
    """Single-flight: one task per (state scope, key); answered by the result of ``work``.

    Later callers join the task that is under way. With ``wait=False`` the caller continues at once with None and the
    work is done in the background.
    """

    key: Hashable
    work: "Callable[[], Flow[Any]]"
    wait: bool = True


class Draw(NamedTuple):
    """A uniform variate in [0, 1) owned by the current request (jitter, back-off, sampling)."""

    name: str


new_tuple = tuple.__new__
"""Makes an effect or a message from all of its fields, as in ``new_tuple(Call, (target, request, timeout))``: a named
tuple without the detour through its generated constructor, for those that are made for every request.
"""

Effect = Compute | Call | Sleep | Once | Draw

T = TypeVar("T")
Flow = Generator[Effect, Any, T]
"""Generator of a part: yields effects, receives their answers, returns a T."""


def refuse_effect(send: Callable[[Any], Any], effect: object) -> NoReturn:
    """Raise TypeError where a generator yielded something else than an effect: the traceback names the part.

    ``send`` is the method of the generator.
    """
    error = TypeError(f"a part yielded {effect!r}, which is no effect")
    flow = getattr(send, "__self__", None)
    if isinstance(flow, Generator):
        flow.throw(error)
    raise error


class Cookie(NamedTuple):
    """A credential that a server sets with an answer (RFC 6265 section 4.1); its lifetime in seconds."""

    value: str
    max_age_s: float


class Reply(NamedTuple):
    """An answer that arrived: HTTP status, body as sent, and the headers that matter here.

    ``challenge`` is WWW-Authenticate, ``nonce`` DPoP-Nonce (RFC 9449 section 8), ``retry_after`` Retry-After in
    seconds, ``cookie`` the one that the client sends from now on. ``requested_at``: the instant (seconds) of the
    request that this answers, where it was repeated; None for the first one. ``date`` is the Date header (RFC 9110
    section 6.6.1), the instant by the clock of the server, part of the fixed head; HTTP sends whole seconds, but here
    the fraction is kept, so that rounding is not taken for a clock that is off. None: the receiver's clock decides.
    """

    status: int
    body: Any = b""
    challenge: str = ""
    nonce: str = ""
    retry_after: float | None = None
    cookie: Cookie | None = None
    requested_at: float | None = None
    date: float | None = None

    @property
    def size(self) -> int:
        """Bytes of the body and of those headers, without the fixed head of an answer."""
        body = self.body
        size = (len(body) if isinstance(body, bytes) else 0) + len(self.challenge) + len(self.nonce)
        return size if self.cookie is None else size + len(self.cookie.value)


class Failed(NamedTuple):
    """A call without a usable answer; ``status`` and ``retry_after`` (seconds) only with reason "status"."""

    reason: Literal["timed_out", "refused", "unreachable", "status"]
    status: int = 0
    retry_after: float | None = None


Answer = Reply | Failed


class Context(Protocol):
    """Interface of the driver to a running part."""

    def now(self) -> float:
        """The host's own clock, seconds since the start of the run (skew included)."""

    def random_bytes(self, purpose: str, length: int) -> bytes:
        """Unpredictable bytes: from the operating system in a server, derived from the seed in a simulation."""


class Verdict(NamedTuple):
    """The decision of a resource server on one presented token.

    ``status`` is the HTTP status of a refusal (200 when accepted), ``reason`` the name of the check that refused it
    (such as "expired"), ``challenge`` the WWW-Authenticate value of RFC 6750 section 3, with ``nonce`` when it requests
    one (RFC 9449 section 9). ``forward`` is the credential that a gateway passes inwards, empty for the presented one.
    ``based_on`` is the instant (seconds) of the latest information from the authorization server behind the verdict:
    exposure after a revocation is computed from it. ``cookie`` is the one that the client sends from now on.
    ``until`` is the instant (seconds) by the clock of this host at which the token ends for it, None where that is
    to be read from the claims.
    """

    accepted: bool
    status: int = 200
    reason: str = ""
    claims: Mapping[str, Any] = {}
    forward: str = ""
    challenge: str = ""
    based_on: float = 0.0
    nonce: str = ""
    cookie: Cookie | None = None
    until: float | None = None
