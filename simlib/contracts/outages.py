"""Outage contract of validators: without a readable answer of the authorization server no token is accepted that needs
one, and no failure is cached."""

from dataclasses import replace

from simlib.contracts.cases import VariedCase
from simlib.contracts.requirements import require, require_accepted
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.scenario.effects import Answer, Failed, Reply

NO_ANSWERS: tuple[Answer, ...] = (
    Failed("timed_out"),
    Failed("refused"),
    Failed("unreachable"),
    Failed("status", 503, 1.0),
    Reply(500, b"oops"),
    Reply(401, b'{"error":"invalid_client"}'),
    Reply(302),
)
UNREADABLE_BODIES = (
    *(b"", b"{", b"[]", b"null", b'"active"', b"\xff", b"[" * 100_000, b"<html>"),
    b'{"active": 1' + b"1" * 5000,
)


def check_no_answer(stepped: SteppedDeployment, answer: Answer) -> None:
    """Where the server gives no answer, a token that needs one is refused with 503, and accepted afterwards."""
    token = stepped.issue().token
    stepped.answer_all(answer)
    calls = sum(stepped.calls.values())
    verdict = stepped.present(token)
    outcome = verdict.accepted, verdict.status
    if sum(stepped.calls.values()) > calls:
        require(
            (*outcome, verdict.challenge) == (False, 503, ""),
            f"after a call that was answered by {answer!r} a token must be refused with 503 and without a challenge, "
            f"but the verdict is {verdict.status} ({verdict.reason})",
        )
    else:
        require(
            outcome in ((True, 200), (False, 503)), f"a valid token is refused with {verdict.status} during an outage"
        )
    invented = stepped.present("garbage")
    require(invented.status in (401, 503), f"during an outage an invented token has the status {invented.status}")
    stepped.restore()
    require_accepted(stepped.present(token), "a valid token after an outage")


def check_unreadable_answer(stepped: SteppedDeployment, body: bytes) -> None:
    """An answer that cannot be read is no answer, and is not cached."""
    token = stepped.issue().token
    stepped.answer_all(Reply(200, body))
    calls = sum(stepped.calls.values())
    verdict = stepped.present(token)
    require(
        (verdict.accepted, verdict.status) == (False, 503) or sum(stepped.calls.values()) == calls,
        f"after the unreadable answer {body[:12]!r} a token must be refused with 503, "
        f"but the verdict is {verdict.status} ({verdict.reason})",
    )
    stepped.restore()
    require_accepted(stepped.present(token), "a valid token after an unreadable answer")


def check_unknown_resource_server(case: VariedCase) -> None:
    """A resource server that may not introspect accepts nothing by introspection."""
    stepped = case.build()
    token = stepped.issue().token
    stepped.server = replace(stepped.server, may_introspect=frozenset())
    verdict = stepped.present(token)
    require(
        verdict.status == 503 or (verdict.accepted and not stepped.calls["introspect"]),
        f"where introspection is refused, the verdict is {verdict.status} ({verdict.reason}), but must be 503",
    )


def check_new_token_during_outage(case: VariedCase) -> None:
    """During an outage no new token is accepted for which a call would be needed, and nothing of that is cached."""
    stepped = case.build().at(1000.0)
    require_accepted(stepped.present(stepped.issue().token), "a valid token")
    new = stepped.issue("user-2").token
    stepped.answer_all(Failed("unreachable"))
    calls = sum(stepped.calls.values())
    verdict = stepped.present(new)
    require(
        verdict.status == 503 or sum(stepped.calls.values()) == calls,
        f"during an outage a new token must be refused with 503, but the verdict is {verdict.status}",
    )
    require(not stepped.present("made up").accepted, "an invented token is accepted during an outage")
    stepped.restore()
    require_accepted(stepped.present(new), "a token after the outage during which it was refused")


def check_failing_open_is_declared(case: VariedCase) -> None:
    """Only a validator that declares ``fails_open`` accepts a token without a verdict."""
    stepped = case.build().at(1000.0)
    token = stepped.issue().token
    require_accepted(stepped.present(token), "a valid token")
    stepped.answer_all(Failed("unreachable"))
    for seconds in (0.0, 30.0, 59.0, 250.0):
        verdict = stepped.at(max(stepped.now, 1000.0 + seconds)).present(token)
        if verdict.accepted and verdict.reason:
            require(
                getattr(stepped.validator, "fails_open", False),
                f"a token is accepted with the reason {verdict.reason!r}, but fails_open is not declared",
            )


CASE_CHECKS = (check_unknown_resource_server, check_new_token_during_outage, check_failing_open_is_declared)
