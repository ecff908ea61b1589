"""Members of a JSON Web Key: bytes and integers in base64url (RFC 7518 sections 2 and 6)."""

from collections.abc import Mapping
from typing import Any

from simlib.tokens.base64url import decode_base64url, encode_base64url


class MalformedKey(ValueError):
    """The members are no public key that this package supports."""


def encode_integer(value: int, width: int) -> str:
    """Encode an integer in exactly ``width`` bytes, leading zeros included, as base64url."""
    return encode_base64url(value.to_bytes(width, "big"))


def decode_member(members: Mapping[str, Any], name: str) -> bytes:
    """Decode the bytes of one member; raises MalformedKey when it is missing or not base64url."""
    value = members.get(name)
    if not isinstance(value, str):
        raise MalformedKey(f"{name} is missing")
    try:
        return decode_base64url(value)
    except ValueError as error:
        raise MalformedKey(f"{name} is not base64url") from error


def decode_integer(members: Mapping[str, Any], name: str) -> int:
    """Decode the unsigned integer of one member; raises MalformedKey like `decode_member`."""
    return int.from_bytes(decode_member(members, name), "big")
