"""Server push: one message from the authorization server to every replica of a host, all at the same time."""

import json
from collections.abc import Mapping
from functools import partial
from hmac import compare_digest
from typing import Any

from simlib.scenario.effects import Call, Compute, Flow, Once, Reply
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import DeploymentConfig
from simlib.strategies.introspection_client import format_basic_authorization, parse_json_object


class Pusher:
    """Pushes JSON to all subscribers of a place. A push that fails is lost and not repeated.

    Both ends have the credentials of the resource server; ``timeout_s`` bounds one push.
    """

    operations = frozenset({"json.encode"})

    def __init__(self, deployment: DeploymentConfig, place: str, timeout_s: float) -> None:
        self._targets = deployment.subscribers.get(place, ())
        self._authorization = format_basic_authorization(deployment.resource_server)
        self._timeout_s = timeout_s

    def push(self, message: Mapping[str, Any], key: str, wait: bool) -> Flow[None]:
        """Send one message, named by ``key``, to all at the same time; ``wait`` for their answers or not."""
        if not self._targets:
            return
        body = yield Compute("json.encode", lambda: json.dumps(message, separators=(",", ":")).encode())
        request, answered = HttpRequest(self._authorization, body), set[str]()
        for target in self._targets:
            yield Once(("push", target, key), partial(self._send, target, request, answered), wait=False)
        for target in self._targets if wait else ():
            if target not in answered:
                yield Once(("push", target, key), partial(self._send, target, request, answered))

    def _send(self, target: str, request: HttpRequest, answered: set[str]) -> Flow[None]:
        yield Call(target, request, self._timeout_s)
        answered.add(target)


def receive_push(request: HttpRequest, deployment: DeploymentConfig) -> Flow[Mapping[str, Any] | Reply]:
    """Receive a push: its message, or the refusal of one that is not authenticated or cannot be read."""
    expected = format_basic_authorization(deployment.resource_server).encode()
    check = partial(compare_digest, request.authorization.encode(), expected)
    is_authentic = yield Compute("client.authenticate", check)
    if not is_authentic:
        return Reply(401, b"", 'Basic realm="push"')
    message: Mapping[str, Any] | None = yield Compute("json.decode", partial(parse_json_object, request.body))
    return Reply(400) if message is None else message
