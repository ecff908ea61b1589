"""Theft from browser storage: a script in the page reads the tokens or the cookie of the page."""

from typing import ClassVar

from simlib.attacks.base import Candidate, FlowAttack, NotApplicable, Preparation, PreparationFailure, send
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest


class BrowserStorage(FlowAttack):
    """The script runs through a flaw of the page or of a library that it loads (cross-site scripting)."""

    name: ClassVar[str] = "browser_storage"
    summary: ClassVar[str] = "a script in the page steals the tokens, or the cookie, that it can read"
    source: ClassVar[str] = "draft-ietf-oauth-browser-based-apps sections 5.1 and 6.1, RFC 9700 section 4.10"
    needs: ClassVar[tuple[str, ...]] = ("browser_storage",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Read the storage of the page."""
        yield from ()
        storage = self.assets.browser_storage
        if storage is None:
            return NotApplicable("no page stores anything in this flow")
        candidates = tuple(
            Candidate(f"the {name} of the page", (name, value)) for name, value in storage.items() if value
        )
        return candidates or PreparationFailure("no script can read a cookie that is HttpOnly")

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Present a token to the API, or a cookie to the backend that issued it."""
        name, value = candidate.value
        if name == "cookie":
            return send("bff", HttpRequest(f"Cookie {value}"))
        return send("api", HttpRequest(f"Bearer {value}"))
