"""Request log: the figures of one request, recorded by the driver while the request is on its way."""

from collections.abc import Callable
from typing import Any, NamedTuple

from simlib.scenario.effects import Failed, Verdict
from simlib.scenario.records import FAILED, FINISHED, REFUSED

NAN = float("nan")


class RequestLog:
    """Row of one request in the making: every figure is recorded when the event happens."""

    __slots__ = (
        "accepted",
        "arrival",
        "asked",
        "based_on",
        "bytes",
        "checking",
        "decided",
        "joined",
        "obtaining",
        "refusals",
        "replica",
        "request",
        "sensitive",
        "signing_in",
        "since",
        "token",
        "user",
        "user_information",
        "validating",
        "validations",
    )

    def __init__(
        self, request: int, user: int, arrival: float, user_information: bool, sensitive: bool = False
    ) -> None:
        self.request = request
        self.user = user
        self.arrival = arrival
        self.user_information = user_information
        self.sensitive = sensitive
        self.replica = -1
        self.token = -1
        self.checking = 0.0
        self.obtaining = 0.0
        self.signing_in = 0.0
        self.decided = NAN
        self.based_on = NAN
        self.accepted = -1
        self.validations = 0
        self.asked = 0
        self.joined = 0
        self.refusals = 0
        self.bytes = 0
        self.validating = False
        self.since = 0.0

    def build_row(self, end: float, outcome: int, status: int) -> tuple[object, ...]:
        """The row of the requests table."""
        return (
            self.request,
            self.user,
            self.arrival,
            end,
            outcome,
            status,
            self.replica,
            self.token,
            self.checking,
            self.obtaining,
            self.signing_in,
            self.decided,
            self.based_on,
            self.accepted,
            self.validations,
            self.asked,
            self.joined,
            self.refusals,
            self.user_information,
            self.bytes,
        )


class Mark(NamedTuple):
    """Effect of wrappers around parts, never of a part: record something in the request's log at this instant.

    ``verdict`` is the decision of a validation, where there was one.
    """

    note: Callable[[RequestLog, float], None]
    verdict: Verdict | None = None


HEADERS_TOO_LARGE = 431


def classify_outcome(value: Any) -> tuple[int, int]:
    """Outcome and status of a request, from the client's last answer.

    A request whose headers are too large fails, like one that meets a limit of a rate: nothing was said of its token.
    """
    if isinstance(value, Failed):
        return FAILED, value.status
    status = int(value.status)
    if status < 400:
        return FINISHED, status
    return FAILED if status == HEADERS_TOO_LARGE else REFUSED, status
