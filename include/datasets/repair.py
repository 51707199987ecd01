"""Odd JSON, field by field: what fits a typed object is kept, what does not is said in words."""

from __future__ import annotations

import json
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    tuple: "a longitude and a latitude",
}
_SHOWN_CHARACTERS = 60


def repair(value: Any, shape: type[T], name: str, problems: list[str]) -> T | None:
    """Build ``shape`` from parsed JSON, leaving out every field that does not fit.

    Args:
        value: as :func:`json.loads` returns it.
        shape: the typed object; the types of its fields say what fits.
        name: how a problem calls ``value`` itself; its fields go by their own path.
        problems: gains a sentence for every field that was left out.

    Returns:
        The object; None if ``value`` is no JSON object at all.
    """
    if not isinstance(value, dict):
        problems.append(f"{name}: {_mismatch(value, shape)}")
        return None
    return msgspec.convert(_fit(value, shape, "", problems), shape)


def _fit(value: Any, kind: Any, path: str, problems: list[str]) -> Any:
    """The parts of ``value`` that fit ``kind``; None where nothing does."""
    choices = get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
    if value is None and type(None) in choices:
        return None
    if _fits(value, kind):
        return value
    main = choices[0]
    if isinstance(value, dict) and _is_struct(main):
        parts = (
            (key, _fit(value[key], hint, f"{path}.{key}".lstrip("."), problems))
            for key, hint in _fields(main).items()
            if key in value
        )
        return {key: part for key, part in parts if part is not None}
    if isinstance(value, list) and get_origin(main) is list:
        (item,) = get_args(main)
        kept = (_fit(part, item, f"{path}[{at}]", problems) for at, part in enumerate(value))
        return [part for part in kept if part is not None]
    is_text = isinstance(value, str) and not _is_unicode(value)
    found = f"{_show(value)} is no valid Unicode" if is_text else _mismatch(value, main)
    problems.append(f"{path}: {found}")
    return None


def _fits(value: Any, kind: Any) -> bool:
    """Whether all of it fits, so that nobody has to look at its parts."""
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return False
    return _is_unicode(json.dumps(value, ensure_ascii=False))


@cache
def _fields(shape: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(shape, include_extras=True)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _mismatch(value: Any, kind: Any) -> str:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    expected = "an object" if _is_struct(kind) else _NAMES[get_origin(kind) or kind]
    if value is None or (isinstance(value, float) and kind is int):
        return f"{_show(value)} is not {expected}"
    if type(value) is kind:
        return f"{_show(value)} is beyond 64 bits"
    found = "a number" if type(value) is int else _NAMES[type(value)]
    return f"{_show(value)} is {found}, not {expected}"


def _show(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
