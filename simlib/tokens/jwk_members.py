"""Members of a JSON Web Key: base64url encoding of bytes and integers (RFC 7518 sections 2 and 6)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any


class MalformedKey(ValueError):
    """The members are no public key that this package supports."""


def encode_base64url(value: bytes) -> str:
    """Encode bytes as base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def encode_integer(value: int, width: int) -> str:
    """Encode an integer in exactly ``width`` bytes, leading zeros included, as base64url."""
    return encode_base64url(value.to_bytes(width, "big"))


def decode_member(members: Mapping[str, Any], name: str) -> bytes:
    """Decode the bytes of one member; raises MalformedKey when it is missing or not base64url."""
    value = members.get(name)
    if not isinstance(value, str):
        raise MalformedKey(f"{name} is missing")
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedKey(f"{name} is not base64url") from error


def decode_integer(members: Mapping[str, Any], name: str) -> int:
    """Decode the unsigned integer of one member; raises MalformedKey like `decode_member`."""
    return int.from_bytes(decode_member(members, name), "big")
