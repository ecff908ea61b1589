"""Vulnerable parts: each lacks one check, to show what goes wrong without it.

No design can choose them: ``refused`` says why. They are outside `simlib.strategies.CATALOGUE` and used only where
attacks are run. ``instead`` is the secure part of which they are a copy with something left out."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from simlib.strategies.vulnerable.jwt import (
    DecodedOnly,
    HeaderAlgorithm,
    HeaderKey,
    NoAudience,
    NoIssuer,
    NoTime,
    NoType,
    UnlimitedJwe,
)
from simlib.strategies.vulnerable.opaque import CachedVerdict, CountedReference, IgnoredActive, OnlyActive
from simlib.strategies.vulnerable.wrappers import DenylistByBytes, ForgetfulDpop

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

VULNERABLE_PARTS: Mapping[str, Mapping[str, type[Any]]] = MappingProxyType(
    {
        **dict.fromkeys(("gateway", "service", "inner_service"), VALIDATORS),
        "authorization_server": ISSUERS,
        "wrappers": WRAPPERS,
    }
)
"""Place -> name -> part."""

__all__ = ["ISSUERS", "VALIDATORS", "VULNERABLE_PARTS", "WRAPPERS"]
