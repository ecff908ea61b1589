"""A script in the page reads what the browser keeps for it."""

from typing import ClassVar

from simlib.attacks.base import Candidate, FlowAttack, NotApplicable, Preparation, PreparationFailure, send
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest


class BrowserStorage(FlowAttack):
    """By a flaw of the page or by one of the libraries that it loads."""

    name: ClassVar[str] = "browser_storage"
    summary: ClassVar[str] = "a script in the page takes away the tokens, or the cookie, that it can read"
    source: ClassVar[str] = "draft-ietf-oauth-browser-based-apps sections 5.1 and 6.1, RFC 9700 section 4.10"
    needs: ClassVar[tuple[str, ...]] = ("browser_storage",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Read."""
        yield from ()
        storage = self.assets.browser_storage
        if storage is None:
            return NotApplicable("no page keeps anything in this flow")
        found = tuple(Candidate(f"the {name} of the page", (name, value)) for name, value in storage.items() if value)
        return found or PreparationFailure("no script can read a cookie that is HttpOnly")

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """A token goes to the API, a cookie to the backend that gave it."""
        name, value = candidate.value
        if name == "cookie":
            return send("bff", HttpRequest(f"Cookie {value}"))
        return send("api", HttpRequest(f"Bearer {value}"))
