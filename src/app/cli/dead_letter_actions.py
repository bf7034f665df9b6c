"""What `modplane dlq` does: list, show, retry and drop dead letters."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from app.cli.container import CLI_USER, database_container, sending_container
from app.cli.output import EXIT_FAILED, Answer, Printer
from app.settings import Settings
from shared.dead_letters.http import details_of, page_of
from shared.dead_letters.postgres import PostgresDeadLetters
from shared.dead_letters.service import DeadLetter, DeadLetterKind, DeadLetters, DeadLetterStatus
from shared.errors import Refused
from shared.lists.cursors import Cursors

PAGE = 200
MAX_ERROR = 100

Handle = Callable[[UUID], Awaitable[DeadLetter]]


class Selection(Struct, frozen=True):
    """Without ids: all open letters, of one kind if it is given."""

    ids: Sequence[UUID] = ()
    kind: DeadLetterKind | None = None


class Refusal(Struct, frozen=True):
    id: UUID
    code: str
    detail: str


async def list_letters(
    settings: Settings,
    status: DeadLetterStatus | None,
    kind: DeadLetterKind | None,
    page: tuple[int, str | None],
    printer: Printer,
) -> Answer:
    """Print a line a letter, the newest first. `page` is its size and its cursor."""
    async with database_container(settings) as container:
        letters, cursors = await container.get(PostgresDeadLetters), await container.get(Cursors)
        letters_page = await page_of(letters, cursors, *page, status=status, kind=kind)
    for letter in letters_page.items:
        printer(format_line(letter))
    if not letters_page.items:
        printer("There are none.")
    if letters_page.next_cursor:
        printer(f"There are more: --cursor {letters_page.next_cursor}")
    return Answer(letters_page)


def format_line(letter: DeadLetter) -> str:
    error = letter.error.partition("\n")[0]
    error = error if len(error) <= MAX_ERROR else f"{error[:MAX_ERROR]}…"
    return f"{letter.id}  {letter.kind:7}  {letter.status:8}  {format_time(letter.created_at)}  {letter.key}  {error}"


def format_time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


async def show_letter(settings: Settings, letter_id: UUID, printer: Printer) -> Answer:
    async with database_container(settings) as container:
        details = await details_of(await container.get(PostgresDeadLetters), letter_id)
    for name, value in asdict(details).items():
        if value is not None and name != "body":
            printer(f"{name}: {format_time(value) if isinstance(value, datetime) else value}")
    printer(details.body)
    return Answer({"letter": details})


async def retry_letters(settings: Settings, selection: Selection, reason: str | None, printer: Printer) -> Answer:
    """Return exit code 1 when a letter failed again or was not tried."""
    async with sending_container(settings) as container:
        letters, ids = await container.get(DeadLetters), letter_ids(await container.get(PostgresDeadLetters), selection)
        return await handle_all(lambda letter_id: letters.retry(letter_id, CLI_USER, reason), ids, printer)


async def drop_letters(settings: Settings, selection: Selection, reason: str, printer: Printer) -> Answer:
    async with database_container(settings) as container:
        letters, ids = await container.get(DeadLetters), letter_ids(await container.get(PostgresDeadLetters), selection)
        return await handle_all(lambda letter_id: letters.drop(letter_id, CLI_USER, reason), ids, printer)


async def letter_ids(letters: PostgresDeadLetters, selection: Selection) -> AsyncIterator[UUID]:
    for letter_id in selection.ids:
        yield letter_id
    before: tuple[datetime, UUID] | None = None
    while not selection.ids:
        page = await letters.page(PAGE, before, status="open", kind=selection.kind)
        for letter in page:
            yield letter.id
        if len(page) < PAGE:
            return
        before = (page[-1].created_at, page[-1].id)


async def handle_all(handle: Handle, ids: AsyncIterator[UUID], printer: Printer) -> Answer:
    """Handle one letter after the other; a refusal stops none."""
    items: list[DeadLetter] = []
    refused: list[Refusal] = []
    async for letter_id in ids:
        try:
            letter = await handle(letter_id)
        except Refused as refusal:
            refused.append(Refusal(letter_id, refusal.code, refusal.detail))
            printer(f"{letter_id}: refused ({refusal.detail})")
        else:
            items.append(letter)
            printer(f"{letter_id}: {letter.status}" + (f" ({letter.error})" if letter.status == "open" else ""))
    if not items and not refused:
        printer("There are none.")
    failed_again = any(letter.status == "open" for letter in items)
    return Answer({"items": items, "refused": refused}, EXIT_FAILED if refused or failed_again else 0)
