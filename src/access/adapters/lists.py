"""The lists of users and of API tokens, for super admins."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from msgspec import Struct

from access.domain import ApiToken, ApiTokenRole, Role
from shared.lists import text_search
from shared.lists.cursors import PageSearch
from shared.lists.keyset import Where
from shared.lists.lister import Conditions, Lister, Page, equal_to
from shared.lists.parameters import text_parameter, value_parameter
from shared.lists.text_search import SORT_KEY, words_begin
from shared.ports import Transaction

UserSort = Literal["email", "-email"]
ApiTokenSort = Literal["-created_at", "created_at"]

SUPER_ADMIN = Where("role = 'super_admin'")
INACTIVE = Where("NOT is_active")
TOKEN_STATUS = {
    None: [],
    "active": [Where("revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())")],
    "expired": [Where("revoked_at IS NULL AND expires_at <= now()")],
    "revoked": [Where("revoked_at IS NOT NULL")],
}
MAX_CREATOR = 300
CREATOR = text_parameter(MAX_CREATOR, "Made by this user, or with this token.", pattern=r"^[^\x00]*$")


class User(Struct, frozen=True):
    """A user that can sign in, or could before a deactivation."""

    id: UUID
    email: str
    name: str | None
    role: Role
    organization_id: UUID | None
    is_active: bool
    created_at: datetime

    def __repr__(self) -> str:
        return f"User({self.id})"


class UserFilter(Struct, frozen=True):
    """All conditions that are given hold. `q`: each of its words begins a word of the e-mail or the name."""

    q: PageSearch = None
    organization_id: Annotated[UUID | None, value_parameter("Of this organization alone.")] = None
    role: Annotated[Role | None, value_parameter("Those with this role.")] = None
    status: Literal["active", "inactive"] | None = None


class UserPage(Page[User], frozen=True):
    """Users by e-mail. `next_cursor` is null on the last page, and there alone.

    A page may have fewer items than `limit` before the last: it looks at a bounded number of users.
    """


class ApiTokenFilter(Struct, frozen=True):
    """All conditions that are given hold. `q`: each of its words begins a word of the name."""

    q: PageSearch = None
    organization_id: Annotated[UUID | None, value_parameter("Bound to this organization.")] = None
    role: Annotated[ApiTokenRole | None, value_parameter("Those with this role.")] = None
    status: Literal["active", "expired", "revoked"] | None = None
    created_by: Annotated[str | None, CREATOR] = None


class ApiTokenPage(Page[ApiToken], frozen=True):
    """API tokens by the time they were made. `next_cursor` is null on the last page, and there alone."""


class PostgresUserList(Lister[UserFilter, UserPage]):
    name, table, id = "users", "access.users", "id"
    columns = f"{', '.join(User.__struct_fields__)}, {text_search.COLUMNS}"
    orders: ClassVar = {"email": SORT_KEY}
    default_sort = "email"
    item_type, page_type = User, UserPage

    async def conditions(self, transaction: Transaction, wanted: UserFilter) -> Conditions:
        indexed, tests = equal_to(organization_id=wanted.organization_id), list[Where]()
        if wanted.role == "super_admin":
            indexed.append(SUPER_ADMIN)
        else:
            tests += equal_to(role=wanted.role)
        if wanted.status == "inactive":
            indexed.append(INACTIVE)
        elif wanted.status == "active":
            tests.append(Where("is_active"))
        return Conditions(wanted.q, indexed=indexed, tests=tests)


class PostgresApiTokenList(Lister[ApiTokenFilter, ApiTokenPage]):
    """There are not many: their words have no index."""

    name, table, id = "tokens", "access.api_tokens", "id"
    columns = f"{', '.join(ApiToken.__struct_fields__)}, search_text"
    orders: ClassVar = {"created_at": "created_at"}
    default_sort = "-created_at"
    item_type, page_type = ApiToken, ApiTokenPage

    async def conditions(self, transaction: Transaction, wanted: ApiTokenFilter) -> Conditions:
        searched = [] if wanted.q is None else [words_begin(wanted.q)]
        equal = equal_to(organization_id=wanted.organization_id, role=wanted.role)
        return Conditions(
            indexed=equal_to(created_by=wanted.created_by), tests=[*searched, *equal, *TOKEN_STATUS[wanted.status]]
        )
