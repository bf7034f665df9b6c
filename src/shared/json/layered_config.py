"""Configs in layers: the effective config, the layer each value is from, and validation."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

from msgspec import Struct

from shared.errors import FieldError
from shared.json.documents import json_pointer
from shared.json.patches import overlay
from shared.json.schemas import JsonSchema


def layered(layers: Iterable[dict[str, Any]]) -> dict[str, Any]:
    config: dict[str, Any] = reduce(overlay, layers, {})
    return config


def origins(layers: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the index of the layer that each scalar, array and empty object of the result is from, by JSON pointer."""
    owners: dict[str, Any] = {}
    for place, layer in enumerate(layers):
        owners = _claimed(owners, layer, place)
    return dict(_leaves(owners, ()))


def _claimed(owners: Any, value: Any, place: int) -> Any:
    if not isinstance(value, dict) or not (value or isinstance(owners, dict)):
        return place
    under = owners if isinstance(owners, dict) else {}
    return {**under, **{key: _claimed(under.get(key), child, place) for key, child in value.items()}}


def _leaves(owners: Mapping[str, Any], path: tuple[str, ...]) -> Iterable[tuple[str, int]]:
    for key, owner in owners.items():
        if isinstance(owner, dict):
            yield from _leaves(owner, (*path, key))
        else:
            yield json_pointer((*path, key)), owner


class ConfigRules(Struct, frozen=True):
    default_config: dict[str, Any]
    schema: JsonSchema

    def config(self, layers: Iterable[dict[str, Any]]) -> dict[str, Any]:
        return layered([self.default_config, *layers])

    def errors(self, layers: Iterable[dict[str, Any]], *, complete: bool = True) -> Sequence[FieldError]:
        """Return what does not fit. `complete` False: other layers may add what is missing."""
        return self.schema.errors(self.config(layers), complete=complete)
