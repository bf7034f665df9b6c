import asyncio

from access.adapters.queries import PostgresSigningKeys
from shared.postgres.database import PostgresDatabase


async def test_processes_that_find_no_key_together_share_one(database: PostgresDatabase) -> None:
    rings = await asyncio.gather(*(PostgresSigningKeys(database).unretired() for _ in range(6)))
    assert [len(ring) for ring in rings] == [1] * 6
    assert len({ring[0].secret for ring in rings}) == 1
    assert len(rings[0][0].secret) == 32
    assert str(rings[0][0].secret) not in repr(rings)


async def test_a_retired_key_is_left_out_and_the_last_one_replaced(database: PostgresDatabase) -> None:
    keys = PostgresSigningKeys(database)
    (first,) = await keys.unretired()
    async with database.writing() as transaction:
        await transaction.execute("UPDATE access.signing_keys SET retired_at = now()")
    (second,) = await keys.unretired()
    assert (first.kid, second.kid) == ("key-1", "key-2")
    assert first.secret != second.secret
