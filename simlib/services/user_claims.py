"""Claims about a user: as many and as long as the world says, different for every user, the same in every run."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType

NAMES = ("name", "given_name", "family_name", "email", "preferred_username", "locale", "zoneinfo", "phone_number")
"""Standard claims of OpenID Connect Core section 5.1; further ones are numbered."""


def claim_names(count: int) -> tuple[str, ...]:
    """The names of so many claims."""
    return (*NAMES[:count], *(f"claim_{number:03d}" for number in range(len(NAMES), count)))


@lru_cache(maxsize=65_536)
def user_claims(subject: str, count: int, value_bytes: int) -> Mapping[str, str]:
    """``count`` claims whose values are ``value_bytes`` long."""
    return MappingProxyType({name: _value(f"{subject}/{name}", value_bytes) for name in claim_names(count)})


def _value(seed: str, length: int) -> str:
    text = ""
    while len(text) < length:
        text += blake2b(f"{seed}/{len(text)}".encode(), digest_size=32).hexdigest()
    return text[:length]
