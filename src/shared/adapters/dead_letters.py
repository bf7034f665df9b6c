"""Dead letters on PostgreSQL."""

from uuid import NAMESPACE_URL, uuid5

from shared.adapters.postgres import PostgresDatabase, is_transient

SET_ASIDE = """
INSERT INTO shared.dead_letters (id, kind, source, key, body, error) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO NOTHING
"""


class PostgresDeadLetters:
    """Records that can never be processed, once each, by where they came from."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def set_aside(self, kind: str, source: str, key: str, body: bytes, error: str) -> None:
        """Stores the record; a redelivery of it changes nothing. Raises `Unavailable`.

        A NUL, which text cannot hold, is kept as U+FFFD.
        """
        letter = uuid5(NAMESPACE_URL, f"{kind}:{source}")
        async with self._database.writing() as transaction:
            await transaction.execute(
                SET_ASIDE,
                letter,
                kind,
                source,
                key.replace("\x00", "\ufffd"),
                body,
                error[:2000].replace("\x00", "\ufffd"),
            )

    def is_passing(self, error: BaseException) -> bool:
        """Whether the database may take the same statements later."""
        return is_transient(error)
