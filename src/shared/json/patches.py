"""Equality, merge patches and layers of JSON values."""

from typing import Any

import msgspec


def has_nul(value: Any) -> bool:
    """Whether any text in a decoded JSON value contains NUL, which the database cannot keep."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(has_nul(key) or has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(has_nul(item) for item in value)


def same_json(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON; Python alone holds 1, 1.0 and True for equal."""
    return msgspec.json.encode(one, order="deterministic") == msgspec.json.encode(other, order="deterministic")


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396). Neither argument is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def overlay(lower: Any, upper: Any) -> Any:
    """Merge two config layers: objects recursively; arrays and scalars of `upper` replace."""
    if not (isinstance(lower, dict) and isinstance(upper, dict)):
        return upper
    return {**lower, **{key: overlay(lower[key], value) if key in lower else value for key, value in upper.items()}}
