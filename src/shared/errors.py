"""Refusals, by kind; HTTP alone knows status codes."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from msgspec import Struct

Kind = Literal[
    "malformed",
    "unauthenticated",
    "forbidden",
    "not_found",
    "conflict",
    "precondition_failed",
    "too_large",
    "unsupported_media",
    "invalid",
    "precondition_required",
    "too_many",
    "unavailable",
    "internal",
]


class FieldError(Struct, frozen=True):
    """One wrong field. `pointer` is a JSON pointer into the body (`/module_ids/3`) or a parameter's name."""

    pointer: str
    message: str


class Refusal(Struct, frozen=True):
    """A refusal as it is stored and sent: the same on every replica and at every replay."""

    kind: Kind
    code: str
    detail: str
    errors: Sequence[FieldError] = ()
    extra: dict[str, Any] = {}


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A refused request or command. The subclass's name is the refusal; `detail` says what is wrong and what to do."""

    kind: ClassVar[Kind] = "conflict"

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = (), **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.extra = extra

    @property
    def code(self) -> str:
        """`ModuleInactive` is `module_inactive`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def refusal(self) -> Refusal:
        return Refusal(self.kind, self.code, self.detail, self.errors, self.extra)


class Malformed(Refused):
    """The request cannot be read."""

    kind = "malformed"


class Unauthenticated(Refused):
    """The request has no token, or none that is known."""

    kind = "unauthenticated"


class Forbidden(Refused):
    """The caller is known and may not do this."""

    kind = "forbidden"


class NotFound(Refused):
    """What the path names does not exist."""

    kind = "not_found"


class Conflict(Refused):
    """The present state does not allow it."""

    kind = "conflict"


class PreconditionFailed(Refused):
    """The state is not the one the caller named."""

    kind = "precondition_failed"


class TooLarge(Refused):
    """The request exceeds a stated bound."""

    kind = "too_large"


class UnsupportedMedia(Refused):
    """The body is in a form that is not taken."""

    kind = "unsupported_media"


class Invalid(Refused):
    """The request can be read, but a value in it is wrong."""

    kind = "invalid"


class PreconditionRequired(Refused):
    """The request must name the state it is meant for."""

    kind = "precondition_required"


class TooMany(Refused):
    """More than the caller's share."""

    kind = "too_many"


class Unavailable(Refused):
    """A part that is needed does not answer; the same request may succeed later."""

    kind = "unavailable"
