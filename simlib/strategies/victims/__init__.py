"""Parts that lack one check, to show what goes wrong without it. No design can choose them: ``refused`` says why.

They are outside `simlib.strategies.CATALOGUE`, one per file, and stand beside it only where attacks are run.
``instead`` is the sound part of which they are a copy with something left out.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from simlib.strategies.victims.cached_verdict import CachedVerdict
from simlib.strategies.victims.counted_reference import CountedReference
from simlib.strategies.victims.decoded_only import DecodedOnly
from simlib.strategies.victims.denylist_by_bytes import DenylistByBytes
from simlib.strategies.victims.forgetful_dpop import ForgetfulDpop
from simlib.strategies.victims.header_algorithm import HeaderAlgorithm
from simlib.strategies.victims.header_key import HeaderKey
from simlib.strategies.victims.ignored_active import IgnoredActive
from simlib.strategies.victims.no_audience import NoAudience
from simlib.strategies.victims.no_issuer import NoIssuer
from simlib.strategies.victims.no_time import NoTime
from simlib.strategies.victims.no_type import NoType
from simlib.strategies.victims.only_active import OnlyActive
from simlib.strategies.victims.unlimited_jwe import UnlimitedJwe

VALIDATORS: Mapping[str, type[Any]] = MappingProxyType(
    {
        part.name: part
        for part in (
            DecodedOnly,
            HeaderAlgorithm,
            HeaderKey,
            NoAudience,
            NoIssuer,
            NoType,
            NoTime,
            IgnoredActive,
            OnlyActive,
            CachedVerdict,
            UnlimitedJwe,
        )
    }
)
ISSUERS: Mapping[str, type[Any]] = MappingProxyType({CountedReference.name: CountedReference})
WRAPPERS: Mapping[str, type[Any]] = MappingProxyType({part.name: part for part in (DenylistByBytes, ForgetfulDpop)})

VICTIMS: Mapping[str, Mapping[str, type[Any]]] = MappingProxyType(
    {
        **dict.fromkeys(("gateway", "service", "inner_service"), VALIDATORS),
        "authorization_server": ISSUERS,
        "wrappers": WRAPPERS,
    }
)
"""Place -> name -> part."""

__all__ = ["ISSUERS", "VALIDATORS", "VICTIMS", "WRAPPERS"]
