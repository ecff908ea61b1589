"""Scenario files (TOML, or a run.json of an earlier run) read, checked and made into a `Scenario`."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from simlib.scenario.data import bundled
from simlib.scenario.design import PLACES, Chosen, Design
from simlib.scenario.document import DesignDocument, ScenarioDocument
from simlib.scenario.errors import InputError
from simlib.scenario.profile import CostProfile, HostNoise, load_profile
from simlib.scenario.refusal import in_one_line, unknown
from simlib.scenario.scenario import Scenario
from simlib.scenario.traces import Trace, read_trace
from simlib.scenario.world import ReplayLoad

Catalogue = Mapping[str, Mapping[str, type[Any]]]
"""Place -> part name -> part class with ``Settings`` and ``token_format``."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def read_document(path: Path) -> Mapping[str, Any]:
    """The content of a scenario file, or the scenario inside a run.json; InputError names the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise InputError(f"{path}: cannot be read as a scenario ({reason})") from error
    try:
        document = json.loads(text)["scenario"] if path.suffix == ".json" else tomllib.loads(text)
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: is JSON but not the run.json of a report") from error
    except (ValueError, RecursionError) as error:  # the decoders' own errors are ValueErrors; so is a 5000-digit number
        raise InputError(f"{path}: not well formed: {error}") from error
    if not isinstance(document, dict):
        raise InputError(f"{path}: a scenario is a table with world, designs and run")
    return document


def build_scenario(document: Mapping[str, Any], catalogue: Catalogue, source: Path) -> Scenario:
    """Check a document against the schema and the catalogue; ``source`` names the file in messages.

    Paths in the document are relative to the file. Raises InputError with file, key and what is allowed.
    """
    try:
        parsed = ScenarioDocument.model_validate(document)
    except ValidationError as error:
        raise InputError(f"{source}: {in_one_line(error, ScenarioDocument)}") from error
    designs = {name: _design(name, design, catalogue, source) for name, design in parsed.designs.items()}
    return Scenario(
        name=parsed.name or source.stem,
        title=parsed.title,
        description=parsed.description,
        world=parsed.world,
        designs=MappingProxyType(designs),
        run=parsed.run,
        limits=parsed.limits,
        margins=parsed.margins,
        profile=find_profile(parsed.world.profile, parsed.run.host_noise, source),
        trace=_trace(parsed.world.load, source) if isinstance(parsed.world.load, ReplayLoad) else None,
    )


def find_profile(name: str, noise: HostNoise, source: Path) -> CostProfile:
    """A bundled profile by name, or a profile file by its path (relative to ``source``)."""
    profiles = {path.stem: path for path in sorted(bundled("profiles").glob("*.csv"))}
    if name in profiles:
        return load_profile(profiles[name], noise)
    path = source.parent / name
    if name.endswith(".csv") and path.exists():
        return load_profile(path, noise)
    raise InputError(f"{source}: world.profile: {unknown('profile', name, [*profiles, 'or the path of a .csv'])}")


def _trace(load: ReplayLoad, source: Path) -> Trace:
    trace = read_trace(source.parent / load.file, time_column=load.time_column, user_column=load.user_column)
    if load.sha256 is not None and load.sha256 != trace.sha256:
        raise InputError(f"{load.file}: is not the file that this run replayed (sha256 is {trace.sha256})")
    return trace


def _design(name: str, document: DesignDocument, catalogue: Catalogue, source: Path) -> Design:
    where = f"{source}: designs.{name}"
    if not _NAME.fullmatch(name):
        raise InputError(f"{where}: a design's name is a lower-case letter, then letters, digits or _ (at most 40)")
    parts = {place: _chosen(getattr(document, place), catalogue[place], f"{where}.{place}") for place in PLACES}
    _agree(parts, document, catalogue, where)
    return Design(
        name=name,
        title=document.title or name,
        token_lifetime_s=document.token_lifetime_s,
        user_information=document.user_information,
        parts=MappingProxyType(parts),
        replicas=MappingProxyType(document.replicas.model_dump()),
    )


def _chosen(table: Mapping[str, Any], kinds: Mapping[str, type[Any]], where: str) -> Chosen:
    part = table.get("part")
    if not isinstance(part, str):
        raise InputError(f"{where}.part: is missing; allowed: {', '.join(kinds)}")
    if part not in kinds:
        raise InputError(f"{where}.part: {unknown('part', part, kinds)}")
    given = {key: value for key, value in table.items() if key != "part"}
    settings_type = kinds[part].Settings
    allowed = [field.name for field in fields(settings_type)]
    for key in given:
        if key not in allowed:
            raise InputError(f"{where}.{key}: {unknown('setting of ' + part, key, allowed or ['(it has none)'])}")
    _check_kinds(given, settings_type, where)
    try:
        return Chosen(part, TypeAdapter(settings_type).validate_python(given))
    except ValidationError as error:
        raise InputError(in_one_line(error, ScenarioDocument, f"{where}.").replace(".: ", ": ", 1)) from error


_KINDS: Mapping[type[Any], tuple[tuple[type[Any], ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "a text"),
}


def _check_kinds(given: Mapping[str, Any], settings_type: type[Any], where: str) -> None:
    """Refuse a text or a truth where a number belongs, which pydantic would take for a dataclass."""
    for setting in fields(settings_type):
        kinds, allowed = next((row for kind, row in _KINDS.items() if kind is setting.type), ((), ""))
        value = given.get(setting.name)
        if setting.name in given and kinds and type(value) not in kinds:
            raise InputError(f"{where}.{setting.name}: must be {allowed}, not {value!r}")


def _agree(parts: Mapping[str, Chosen], document: DesignDocument, catalogue: Catalogue, where: str) -> None:
    """Refuse parts that cannot work together."""
    issuer = catalogue["authorization_server"][parts["authorization_server"].part]
    validator = catalogue["service"][parts["service"].part]
    if issuer.token_format != validator.token_format:
        raise InputError(
            f"{where}.service.part: {validator.name} validates {validator.token_format} tokens, "
            f"but authorization_server.part {issuer.name} issues {issuer.token_format} tokens"
        )
    sources = validator.user_information_sources
    if document.user_information not in sources:
        raise InputError(
            f"{where}.user_information: {document.user_information!r} is not possible with {validator.name}; "
            f"allowed: {', '.join(sources)}"
        )
    algorithm = getattr(parts["authorization_server"].settings, "algorithm", None)
    accepted = getattr(parts["service"].settings, "algorithms", None)
    if algorithm is not None and accepted is not None and algorithm not in accepted:
        raise InputError(f"{where}.service.algorithms: does not accept {algorithm}, which the AS signs with")
