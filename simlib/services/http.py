"""HTTP messages of the endpoints: forms and JSON, parsed and encoded as effects because they cost time."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Compute, Failed, Flow, Reply, new_tuple
from simlib.scenario.encodings import decode_form, decode_json, encode_json
from simlib.scenario.messages import HttpRequest


def parse_form(body: bytes) -> Flow[Mapping[str, str]]:
    """Parse a form; a repeated parameter makes it invalid, and it counts as empty (RFC 6749 section 3.2)."""
    parameters: Mapping[str, str] = yield new_tuple(Compute, ("form.decode", partial(_parse_parameters, body)))
    return parameters


def _parse_parameters(body: bytes) -> Mapping[str, str]:
    try:
        pairs = decode_form(body.decode("ascii"))
    except ValueError:
        return {}
    parameters = dict(pairs)
    return parameters if len(parameters) == len(pairs) else {}


def parse_json_object(body: bytes) -> Mapping[str, Any]:
    """Parse the JSON object in a body; empty when there is none or it is malformed."""
    try:
        value = decode_json(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def reply_json(value: Mapping[str, Any], status: int = 200) -> Flow[Reply]:
    """Reply with a JSON body."""
    body = yield new_tuple(Compute, ("json.encode", lambda: encode_json(value).encode()))
    return Reply(status, body)


def reply_error(status: int, code: str) -> Flow[Reply]:
    """Reply with an error response (RFC 6749 section 5.2)."""
    return (yield from reply_json({"error": code}, status))


def reply_invalid_client() -> Flow[Reply]:
    """Reply 401 to an unauthenticated client, with the scheme to use (RFC 6749 section 5.2, RFC 7617 section 2)."""
    reply = yield from reply_error(401, "invalid_client")
    return reply._replace(challenge='Basic realm="authorization server"')


def parse_authorization(authorization: str) -> tuple[str, str]:
    """Return scheme, in lower case, and access token of an Authorization header (RFC 6750 section 2.1, RFC 9449 section
    7.1); a header of any other scheme presents no token.
    """
    scheme, _, token = authorization.partition(" ")
    scheme = scheme.lower()
    return (scheme, token) if scheme in ("bearer", "dpop") else ("bearer", "")


def is_too_large(request: HttpRequest, limit_bytes: int | None, head_bytes: int) -> bool:
    """Whether the headers of a request are larger than a server accepts; None is no limit."""
    return limit_bytes is not None and head_bytes + request.header_bytes > limit_bytes


def reply_upstream_error(failed: Failed) -> Reply:
    """Reply for a failed upstream call: 504 after a timeout, the upstream's status when it failed with one, else 502
    (RFC 9110 sections 15.6.3 and 15.6.5).
    """
    if failed.reason == "status":
        return Reply(failed.status, retry_after=failed.retry_after)
    return Reply(504 if failed.reason == "timed_out" else 502)
