"""What floor 2 may ask for: the whole vocabulary between parts and the driver that runs them.

A service, strategy or flow is a generator that yields these effects and receives answers. It does no
I/O, knows no simulator and counts nothing: the driver does all three.

What a resource server decides about a token that was presented to it.
"""

from collections.abc import Callable, Generator, Hashable, Mapping
from typing import Any, Literal, NamedTuple, Protocol, TypeVar


class Work(Protocol):
    """Something to be called without arguments; the driver calls it once."""

    def __call__(self) -> Any:
        """Do it."""


class Compute(NamedTuple):
    """Work on the CPU of the host where the generator runs; answered by the result of ``work()``.

    ``operation`` names a row of the cost profile, which is what the host is charged (seconds).
    """

    operation: str
    work: Work | None = None


class Call(NamedTuple):
    """A request to another host; answered by a `Reply` or a `Failed`, never by an exception.

    ``timeout`` is in seconds; at the timeout the caller goes on, the callee is not stopped.
    """

    target: str
    request: Any
    timeout: float | None = None


class Sleep(NamedTuple):
    """Wait without using the CPU, in seconds; answered by None."""

    seconds: float


class Once(NamedTuple):
    """Single-flight: one task per (state scope, key); answered by what ``work`` returned.

    Later askers join the task that is under way. With ``wait=False`` the asker goes on at once with
    None and the work is done behind it.
    """

    key: Hashable
    work: "Callable[[], Flow[Any]]"
    wait: bool = True


class Draw(NamedTuple):
    """A uniform variate in [0, 1) owned by the current request (jitter, back-off, sampling)."""

    name: str


Effect = Compute | Call | Sleep | Once | Draw

T = TypeVar("T")
Flow = Generator[Effect, Any, T]
"""What a part's method returns: yields effects, receives their answers, returns a T."""


class Cookie(NamedTuple):
    """A credential that a server gives to a client with an answer (RFC 6265 section 4.1); its life in seconds."""

    value: str
    max_age_s: float


class Reply(NamedTuple):
    """An answer that arrived: HTTP status, body as sent, and the headers that matter here.

    ``challenge`` is WWW-Authenticate, ``nonce`` DPoP-Nonce (RFC 9449 section 8), ``retry_after`` seconds to stay away,
    ``cookie`` what the client shows from now on. ``asked_at``: the instant (seconds) of the question that this answers,
    where it was asked more than once; None when it was the first.
    """

    status: int
    body: Any = b""
    challenge: str = ""
    nonce: str = ""
    retry_after: float | None = None
    cookie: Cookie | None = None
    asked_at: float | None = None

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
    """What a driver lends to a running part."""

    def now(self) -> float:
        """The host's own clock, seconds since the start of the run (skew included)."""

    def random_bytes(self, purpose: str, length: int) -> bytes:
        """Unpredictable bytes: from the operating system in a server, derived from the seed in a simulation."""


class Verdict(NamedTuple):
    """The outcome of validating one presented token.

    ``status`` is the HTTP status of a refusal (200 when accepted), ``reason`` the word that names the check which
    refused (such as "expired"), ``challenge`` the WWW-Authenticate value of RFC 6750 section 3, with ``nonce`` when it
    asks for one (RFC 9449 section 9). ``forward`` is the credential that a gateway passes inwards, empty for the
    presented one.
    ``based_on`` is the instant (seconds) of the last word of the authorization server that the verdict rests on:
    exposure after a revocation is computed from it. ``cookie`` is what the client shows from now on.
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
