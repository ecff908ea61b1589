"""Settings under which a part is checked: each setting changed by itself, to values that its type suggests."""

from dataclasses import Field, fields
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

FACTORS = (0.02, 0.2, 1.0, 6.0)
SMALL = (0.0, 1.0, 7.0)


def list_values(field: Field[Any], hint: Any) -> list[Any]:
    """List values that a setting may have, its default first: the words of a choice, numbers from small to large."""
    default = field.default
    if isinstance(default, bool):
        return [default, not default]
    if isinstance(default, int):
        return [default, 1, 2]
    if isinstance(default, float):
        return [default, *SMALL, *(default * factor for factor in FACTORS)]
    if get_origin(hint) is Literal:
        return [default, *(word for word in get_args(hint) if word != default)]
    if default is None and {float, NoneType} <= set(get_args(hint)):
        return [default, *SMALL, 40.0]
    return [default]


def build_settings(kind: type[Any], **values: Any) -> Any:
    """Build the settings of a part; None when it refuses these values."""
    try:
        return kind.Settings(**values)
    except ValueError:
        return None


def list_allowed_values(kind: type[Any]) -> dict[str, list[Any]]:
    """List the values of each setting that a part accepts beside the defaults of the others."""
    hints = get_type_hints(kind.Settings)
    return {
        field.name: [
            value
            for value in list_values(field, hints[field.name])
            if build_settings(kind, **{field.name: value}) is not None
        ]
        for field in fields(kind.Settings)
    }


def vary_settings(kind: type[Any], without: frozenset[str] = frozenset()) -> list[Any]:
    """List the settings of a part with one changed at a time, the defaults first; ``without`` stay unchanged."""
    varied = [kind.Settings()]
    for name, values in list_allowed_values(kind).items():
        if name not in without:
            varied += [build_settings(kind, **{name: value}) for value in values[1:]]
    return list(dict.fromkeys(varied))


def match_settings(kind: type[Any], settings: Any, unless_default: bool = False) -> Any:
    """Build the settings of a part in which those that another part has too are equal to that part's ``settings``.

    ``unless_default``: except those that are the default ones of that part.
    """
    shared = {field.name for field in fields(kind.Settings)} & {field.name for field in fields(settings)}
    values = {name: getattr(settings, name) for name in shared}
    if unless_default:
        defaults = type(settings)()
        values = {name: value for name, value in values.items() if value != getattr(defaults, name)}
    return build_settings(kind, **values) or kind.Settings()
