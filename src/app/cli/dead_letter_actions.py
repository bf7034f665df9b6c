"""What the command line does about dead letters."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from app.cli.container import CLI_USER, database_tools, tools
from app.output import EXIT_FAILED, Answer, Say
from app.settings import Settings
from shared.dead_letters.http import details_of, page_of
from shared.dead_letters.postgres import PostgresDeadLetters
from shared.dead_letters.service import DeadLetter, DeadLetterKind, DeadLetters, DeadLetterStatus
from shared.errors import Refused
from shared.lists.cursors import Cursors

PAGE = 200
SHOWN_ERROR = 100

Do = Callable[[UUID], Awaitable[DeadLetter]]


class Chosen(Struct, frozen=True):
    """Which letters: these, or else all open ones, of one kind if one is named."""

    ids: Sequence[UUID] = ()
    kind: DeadLetterKind | None = None


class Refusal(Struct, frozen=True):
    """A letter nothing was done about, and why."""

    id: UUID
    code: str
    detail: str


async def list_letters(
    settings: Settings,
    status: DeadLetterStatus | None,
    kind: DeadLetterKind | None,
    page: tuple[int, str | None],
    say: Say,
) -> Answer:
    """Says a line a letter, the newest first. `page` is its size and its cursor."""
    async with database_tools(settings) as container:
        letters, cursors = await container.get(PostgresDeadLetters), await container.get(Cursors)
        found = await page_of(letters, cursors, *page, status=status, kind=kind)
    for letter in found.items:
        say(line(letter))
    if not found.items:
        say("There are none.")
    if found.next_cursor:
        say(f"There are more: --cursor {found.next_cursor}")
    return Answer(found)


def line(letter: DeadLetter) -> str:
    """A letter in a line."""
    error = letter.error.partition("\n")[0]
    error = error if len(error) <= SHOWN_ERROR else f"{error[:SHOWN_ERROR]}…"
    return f"{letter.id}  {letter.kind:7}  {letter.status:8}  {moment(letter.created_at)}  {letter.key}  {error}"


def moment(at: datetime) -> str:
    """To the second."""
    return at.isoformat(timespec="seconds")


async def show_letter(settings: Settings, letter_id: UUID, say: Say) -> Answer:
    """Says a line a field, then the record."""
    async with database_tools(settings) as container:
        details = await details_of(await container.get(PostgresDeadLetters), letter_id)
    for name, value in asdict(details).items():
        if value is not None and name != "body":
            say(f"{name}: {moment(value) if isinstance(value, datetime) else value}")
    say(details.body)
    return Answer({"letter": details})


async def retry_letters(settings: Settings, chosen: Chosen, reason: str | None, say: Say) -> Answer:
    """Says how each letter stands then. Exit code 1 when one failed again or was not tried."""
    async with tools(settings) as container:
        dead_letters = await container.get(DeadLetters)

        async def retry(letter_id: UUID) -> DeadLetter:
            return await dead_letters.retry(letter_id, CLI_USER, reason)

        return await handled(retry, letter_ids(await container.get(PostgresDeadLetters), chosen), say)


async def drop_letters(settings: Settings, chosen: Chosen, reason: str, say: Say) -> Answer:
    """Says which letters were given up. Needs nothing but the database."""
    async with database_tools(settings) as container:
        dead_letters = await container.get(DeadLetters)

        async def drop(letter_id: UUID) -> DeadLetter:
            return await dead_letters.drop(letter_id, CLI_USER, reason)

        return await handled(drop, letter_ids(await container.get(PostgresDeadLetters), chosen), say)


async def letter_ids(letters: PostgresDeadLetters, chosen: Chosen) -> AsyncIterator[UUID]:
    """Those named, or page by page those that are open."""
    for letter_id in chosen.ids:
        yield letter_id
    before: tuple[datetime, UUID] | None = None
    while not chosen.ids:
        page = await letters.page(PAGE, before, status="open", kind=chosen.kind)
        for letter in page:
            yield letter.id
        if len(page) < PAGE:
            return
        before = (page[-1].created_at, page[-1].id)


async def handled(do: Do, ids: AsyncIterator[UUID], say: Say) -> Answer:
    """Does it to one letter after the other; one that is refused stops none."""
    items: list[DeadLetter] = []
    refused: list[Refusal] = []
    async for letter_id in ids:
        try:
            letter = await do(letter_id)
        except Refused as refusal:
            refused.append(Refusal(letter_id, refusal.code, refusal.detail))
            say(f"{letter_id}: refused ({refusal.detail})")
        else:
            items.append(letter)
            say(f"{letter_id}: {letter.status}" + (f" ({letter.error})" if letter.status == "open" else ""))
    if not items and not refused:
        say("There are none.")
    in_vain = any(letter.status == "open" for letter in items)
    return Answer({"items": items, "refused": refused}, EXIT_FAILED if refused or in_vain else 0)
