"""Token Status Lists: one status per token in a compressed list of bits (draft-ietf-oauth-status-list section 4)."""

import zlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from simlib.tokens.base64url import decode_base64url, encode_base64url

STATUS_LIST_TYPE = "statuslist+jwt"
VALID, INVALID = 0, 1
"""Two of the status types of section 7.1."""
BITS = (1, 2, 4, 8)
"""Allowed numbers of bits of a status (section 4.1)."""

_LEVEL = 9  # the draft recommends the highest level of compression


class MalformedStatusList(ValueError):
    """The status list is malformed, or longer than the reader's limit."""


class StatusList(NamedTuple):
    """Statuses of ``bits`` bits each, packed from the least significant bit of each byte (section 4.1)."""

    bits: int
    packed: bytes

    @classmethod
    def create(cls, length: int, invalid: Iterable[int] = (), bits: int = 1) -> "StatusList":
        """Create a list of ``length`` statuses, those at ``invalid`` set to 1. Raises IndexError beyond its end."""
        empty = cls(bits, bytes(-(-length * bits // 8)))
        return empty.set_statuses((index, INVALID) for index in invalid)

    def __len__(self) -> int:
        return len(self.packed) * 8 // self.bits

    def get(self, index: int) -> int:
        """Return the status at an index. Raises IndexError beyond either end (section 8.3: the token is refused)."""
        position = self._find_position(index)
        return self.packed[position // 8] >> position % 8 & self._mask

    def set_statuses(self, statuses: Iterable[tuple[int, int]]) -> "StatusList":
        """Return the list with (index, status) set. Raises IndexError for a bad index, ValueError for a bad status."""
        packed = bytearray(self.packed)
        for index, status in statuses:
            position = self._find_position(index)
            if not 0 <= status <= self._mask:
                raise ValueError(f"status {status} does not fit into {self.bits} bits")
            packed[position // 8] &= ~(self._mask << position % 8)
            packed[position // 8] |= status << position % 8
        return StatusList(self.bits, bytes(packed))

    def compress(self) -> bytes:
        """Compress the list in the ZLIB format (RFC 1950) with DEFLATE."""
        return zlib.compress(self.packed, _LEVEL)

    def to_claim(self) -> dict[str, Any]:
        """Build the claim "status_list" of a Status List Token (section 4.2)."""
        return {"bits": self.bits, "lst": encode_base64url(self.compress())}

    @classmethod
    def from_claim(cls, claim: object, limit: int) -> "StatusList":
        """Parse that claim; decompression stops at a list of more than ``limit`` bytes, which is refused.

        Raises MalformedStatusList.
        """
        match claim:
            case {"bits": int(bits), "lst": str(text)} if bits in BITS and not isinstance(bits, bool):
                return cls(bits, _unpack(text, limit))
        raise MalformedStatusList("status_list needs bits (1, 2, 4 or 8) and lst")

    @property
    def _mask(self) -> int:
        return (1 << self.bits) - 1

    def _find_position(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is outside a status list of {len(self)}")
        return index * self.bits


def _unpack(text: str, limit: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        # One byte above the limit, so that a list of exactly the limit is distinguished from a longer one.
        data = stream.decompress(decode_base64url(text), limit + 1)
    except (ValueError, zlib.error) as error:
        raise MalformedStatusList("lst is no compressed list") from error
    if len(data) > limit:
        raise MalformedStatusList(f"lst unpacks to more than {limit} bytes")
    if not stream.eof or stream.unused_data:
        raise MalformedStatusList("lst is cut off or goes on after its end")
    return data
