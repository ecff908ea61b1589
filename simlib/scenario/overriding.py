"""Single values put in the place of those in a scenario, checked as the file's own are."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from simlib.scenario.errors import InputError
from simlib.scenario.refusal import in_one_line

M = TypeVar("M", bound=BaseModel)


def overridden(model: M, values: Mapping[str, Any]) -> M:
    """A copy of a validated value with other fields, validated again.

    Raises InputError as ``--field: what is allowed``, for values come from options of a command line.
    """
    return checked(type(model), {**model.model_dump(), **values})


def checked(kind: type[M], values: Mapping[str, Any]) -> M:
    """A value made of fields; raises InputError as ``--field: what is allowed``."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        field, _, what = in_one_line(error, kind).partition(": ")
        raise InputError(f"--{field.replace('_', '-')}: {what}") from error
