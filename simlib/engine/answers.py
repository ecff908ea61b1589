"""Answers of calls: the caller's view of an answer, and a stand-in for callers that have given up."""

from typing import Any

from simlib.scenario.effects import Failed, Reply
from simlib.scenario.messages import StoreReply


def convert_failure(value: Any) -> Any:
    """Convert an answer into the caller's view of it: status 429 or 500 and above is a failure.

    Of a store's answer the caller sees what was stored.
    """
    if value.__class__ is StoreReply:
        return value.answer
    if value.__class__ is Reply and (value.status >= 500 or value.status == 429):
        return Failed("status", value.status, value.retry_after)
    return value


def discard_answer(_: Any) -> Any:
    """Stand-in for the caller's generator in a call with a timeout; the answer reaches a caller that still waits."""
    raise AssertionError("the caller is no generator")
