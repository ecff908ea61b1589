"""Forms taken apart and put together again, for endpoints that leave something out."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from simlib.scenario.messages import HttpRequest


def form_of(request: HttpRequest) -> dict[str, str]:
    """The parameters of a form."""
    return dict(parse_qsl(request.body.decode("ascii", "replace")))


def with_form(request: HttpRequest, form: Mapping[str, str]) -> HttpRequest:
    """The same request with another form."""
    return request._replace(body=urlencode(form).encode())
