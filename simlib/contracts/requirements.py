"""Requirements on verdicts: each raises AssertionError with a sentence that says what is wrong."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from simlib.scenario.effects import Verdict

INVALID_TOKEN = re.compile(
    r'Bearer error="invalid_token"|DPoP error="(invalid_token|invalid_dpop_proof)"(, algs="[^"]+")?'
)
"""Challenges of RFC 6750 section 3.1 and RFC 9449 section 7.1."""


def require(condition: bool, sentence: str) -> None:
    """Raise AssertionError with the sentence unless the condition holds; an assert statement can be switched off."""
    if not condition:
        raise AssertionError(sentence)


def require_accepted(verdict: Verdict, what: str) -> None:
    """Require that ``what`` was accepted."""
    if not verdict.accepted:
        raise AssertionError(f"{what} is refused with {verdict.status} ({verdict.reason}), but must be accepted")


def require_refused(verdict: Verdict, what: str) -> None:
    """Require that ``what`` was refused with 401 and invalid_token, without claims and without a credential inwards."""
    if verdict.accepted:
        raise AssertionError(f"{what} is accepted, but must be refused")
    if verdict.status != 401 or not INVALID_TOKEN.fullmatch(verdict.challenge):
        raise AssertionError(
            f"{what} must be refused with 401 and the error invalid_token (RFC 6750 section 3.1), "
            f"but the verdict is {verdict.status} {verdict.challenge!r} ({verdict.reason})"
        )
    if verdict.reason in ("", "no_token") or verdict.claims or verdict.forward:
        raise AssertionError(f"the refusal of {what} must have a reason and no claims, but it is {verdict!r}")


def require_status(verdict: Verdict, status: int, what: str) -> None:
    """Require a refusal with this status."""
    if verdict.accepted or verdict.status != status:
        raise AssertionError(
            f"{what} must be refused with {status}, but the verdict is {verdict.status} ({verdict.reason})"
        )


@contextmanager
def name_failures(subject: str) -> Iterator[None]:
    """Put the subject, such as a part and its settings, before the sentence of a failure inside."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{subject}: {error}") from error
