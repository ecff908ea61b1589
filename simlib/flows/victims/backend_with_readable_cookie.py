"""A victim: a backend for a single-page app whose cookie scripts can read (RFC 6265 section 4.1.2.6)."""

from typing import ClassVar

from simlib.flows.backend_for_frontend import BackendForFrontend


class BackendWithReadableCookie(BackendForFrontend):
    """The session can be taken away, and the tokens still cannot."""

    name: ClassVar[str] = "backend_with_readable_cookie"
    summary: ClassVar[str] = "victim: backend for a single-page app, with a cookie that scripts can read"
    refused: ClassVar[str] = (
        "a script in the page could take the session away (RFC 6265 section 4.1.2.6); use backend_for_frontend"
    )
    http_only: ClassVar[bool] = False
