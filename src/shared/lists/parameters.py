"""The query parameters of a list, read strictly: its filter's fields, `sort`, `limit` and `cursor`."""

from collections.abc import Callable, Coroutine
from inspect import Parameter, Signature
from typing import Annotated, Any, TypeVar, get_type_hints

import msgspec
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from shared.lists.cursors import DEFAULT_LIMIT, PAGE_ORDER, PageCursor, PageLimit, SomeOrAll
from shared.lists.lister import ListParams
from shared.text.forms import VISIBLE

Read = TypeVar("Read", bound=Struct)

# Typed as what takes any type, also one that is known at run time alone.
NAMED: Any = NamedDependency
QUERY: Any = FromQuery


def text_parameter(max_length: int, description: str | None = None, pattern: str = VISIBLE) -> QueryParameter:
    """Describe a filter's field that takes text: by default with something visible in it, and no NUL."""
    return QueryParameter(max_length=max_length, pattern=pattern, description=description)


def value_parameter(description: str, *, ge: int | None = None, lt: int | None = None) -> QueryParameter:
    return QueryParameter(description=description, ge=ge, lt=lt)


def list_parameters(filter_: type[Struct], sort: Any, default_sort: str | None = None) -> dict[str, Provide]:
    """Provide `params`, a `ListParams`. Without `default_sort` a list without parameters is the whole list."""
    order = sort | None if default_sort is None else sort
    fields: dict[str, tuple[Any, Any]] = {
        "filter": (NAMED[filter_], Parameter.empty),
        "limit": (SomeOrAll, None) if default_sort is None else (PageLimit, DEFAULT_LIMIT),
        "cursor": (PageCursor, None),
        "sort": (Annotated[order, PAGE_ORDER], default_sort),
    }
    return {"filter": Provide(query_struct(filter_)), "params": Provide(reader(ListParams, fields))}


def query_struct(type_: type[Struct]) -> Callable[..., Coroutine[Any, Any, Struct]]:
    """Return a dependency that makes the struct of query parameters named as its fields."""
    hints = get_type_hints(type_, include_extras=True)
    defaults = {field.name: field.default for field in msgspec.structs.fields(type_)}
    return reader(type_, {name: (as_parameter(hints[name]), default) for name, default in defaults.items()})


def as_parameter(hint: Any) -> Any:
    is_described = any(isinstance(each, QueryParameter) for each in getattr(hint, "__metadata__", ()))
    return hint if is_described else QUERY[hint]


def reader(type_: type[Read], fields: dict[str, tuple[Any, Any]]) -> Callable[..., Coroutine[Any, Any, Read]]:
    async def read(**given: Any) -> Read:
        return type_(**given)

    parameters = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=hint)
        for name, (hint, default) in fields.items()
    ]
    read.__annotations__ = {name: hint for name, (hint, _) in fields.items()}
    read.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return read
