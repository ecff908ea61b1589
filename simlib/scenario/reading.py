"""Reading of scenario files (TOML, or a run.json of an earlier run) into documents that are not checked yet."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simlib.scenario.errors import InputError
from simlib.scenario.texts import SCENARIO_BYTES, describe_read_failure, read_text


def read_document(path: Path) -> Mapping[str, Any]:
    """Read the content of a scenario file, or the scenario inside a run.json; InputError names the file."""
    try:
        text = read_text(path, SCENARIO_BYTES)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a scenario ({describe_read_failure(error)})") from error
    try:
        document = json.loads(text)["scenario"] if path.suffix == ".json" else tomllib.loads(text)
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: is JSON, but not the run.json of a report") from error
    except (ValueError, RecursionError) as error:  # the decoders' own errors are ValueErrors; so is a 5000-digit number
        raise InputError(f"{path}: not well formed: {_describe_mistake(error)}") from error
    if not isinstance(document, dict):
        raise InputError(f"{path}: a scenario is a table with world, designs and run")
    return document


def _describe_mistake(error: Exception) -> str:
    """Describe a mistake, without the advice of Python to programmers behind it."""
    return str(error).partition("; use sys.")[0]
