"""The key set of the authorization server as a resource server holds it: fetched, kept, and asked for a key."""

from functools import partial

from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Once
from simlib.scenario.messages import HttpRequest
from simlib.tokens import KeySet, MalformedKeySet, VerificationKey


class KeyCache:
    """The key set that one replica holds; instants in seconds."""

    __slots__ = ("asked_at", "keys", "until")

    def __init__(self) -> None:
        self.keys = KeySet(())
        self.until = float("-inf")
        self.asked_at = float("-inf")


class JwksClient:
    """Fetches the key set when it is needed and has ended; charges ``jwks.parse``. All arguments are seconds.

    An unknown ``kid`` may cause one more fetch per cooldown, so that a new key is found and a flood of strangers is not
    passed on. All who need a fetch at the same time share one.
    """

    def __init__(self, lifetime_s: float, cooldown_s: float, timeout_s: float) -> None:
        self._lifetime_s = lifetime_s
        self._cooldown_s = cooldown_s
        self._timeout_s = timeout_s

    def ready(self, ctx: Context, state: KeyCache) -> Flow[bool]:
        """Whether there is a key set that may be used, fetched now if need be."""
        if ctx.now() >= state.until:
            yield Once("jwks", partial(self._fetch, ctx, state))
            return ctx.now() < state.until
        return True

    def find(self, ctx: Context, state: KeyCache, kid: object) -> Flow[VerificationKey | None]:
        """The key of that name, None when there is none even in a new key set; what is no text names none."""
        if not isinstance(kid, str):
            return None
        key = state.keys.find(kid)
        if key is None and ctx.now() >= state.asked_at + self._cooldown_s:
            yield Once("jwks", partial(self._fetch, ctx, state))
            key = state.keys.find(kid)
        return key

    def _fetch(self, ctx: Context, state: KeyCache) -> Flow[None]:
        """Replace the key set; a failed fetch leaves the old one to its lifetime."""
        state.asked_at = ctx.now()
        reply = yield Call("jwks", HttpRequest(), self._timeout_s)
        if isinstance(reply, Failed) or reply.status != 200:
            return
        keys = yield Compute("jwks.parse", partial(_parse, reply.body))
        if keys is not None:
            state.keys = keys
            state.until = state.asked_at + self._lifetime_s


def _parse(body: bytes) -> KeySet | None:
    try:
        return KeySet.from_jwks(body)
    except MalformedKeySet:
        return None
