"""Tokens as an attacker or a careless server would make them: the project's own forgeries, and those that tests add."""

from simlib.tokens.forging import (
    alterations,
    altered,
    claims_of,
    decoded,
    encoded,
    hmac_signed,
    other_signature,
    other_spelling,
    signed,
    unsigned,
)

__all__ = [
    "alterations",
    "altered",
    "claims_of",
    "decoded",
    "encoded",
    "hmac_signed",
    "other_signature",
    "other_spelling",
    "signed",
    "unsigned",
]
