"""The lag and the members of consumer groups."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from msgspec import Struct

from shared.commands.bus import KafkaUnreachable

LOOK_SECONDS = 1.2
CLOSE_SECONDS = 0.2


class Group(Struct, frozen=True):
    name: str
    topics: Sequence[str]


class GroupLag(Struct, frozen=True):
    """The number of consumers in a group, and the records it has not committed yet, by topic."""

    name: str
    members: int
    lag: Mapping[str, int]


class GroupsStatus(Struct, frozen=True):
    """The lag of every group, and how long one request to the broker took."""

    answer_ms: float
    groups: Sequence[GroupLag]


class KafkaGroups:
    """Look at groups from outside, by connections of its own that it keeps, without joining any."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._clients: Clients | None = None
        self._turn = asyncio.Lock()

    async def look(self, groups: Sequence[Group]) -> GroupsStatus:
        """Return the groups in their order. Raises `KafkaUnreachable`, at the latest after a second and a half."""
        async with self._turn:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    return await self._look(groups)
            except (KafkaError, OSError, TimeoutError) as error:
                await self._drop()
                raise KafkaUnreachable(repr(error)[:200]) from error

    async def _look(self, groups: Sequence[Group]) -> GroupsStatus:
        if self._clients is not None:
            # Kept connections may have ended, and coordinators moved, unnoticed: then try with new ones.
            with suppress(KafkaError, OSError):
                return await self._clients.status(groups)
            await self._drop()
        self._clients = Clients(self._bootstrap)
        await self._clients.start()
        return await self._clients.status(groups)

    async def _drop(self) -> None:
        clients, self._clients = self._clients, None
        if clients is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await clients.close()

    async def close(self) -> None:
        await self._drop()


class Clients:
    """The two clients it takes: one knows offsets, the other groups. Neither consumes anything."""

    def __init__(self, bootstrap: str) -> None:
        self._reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        self._coordinators: dict[str, int] = {}

    async def start(self) -> None:
        await asyncio.gather(self._reader.start(), self._admin.start())

    async def close(self) -> None:
        await asyncio.gather(self._reader.stop(), self._admin.close(), return_exceptions=True)

    async def status(self, groups: Sequence[Group]) -> GroupsStatus:
        """Ask once for each group, concurrently. Raises `KafkaError`."""
        started = perf_counter()
        described = await self._admin.describe_topics(sorted({topic for group in groups for topic in group.topics}))
        answer_ms = (perf_counter() - started) * 1000
        places = [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in described
            for partition in topic["partitions"]
        ]
        await self._find_coordinators(groups)
        ends, starts, members, committed = await asyncio.gather(
            self._reader.end_offsets(places),
            self._reader.beginning_offsets(places),
            asyncio.gather(*(self._members(group.name) for group in groups)),
            asyncio.gather(*(self._committed(group.name) for group in groups)),
        )
        lags = [
            GroupLag(group.name, present, lag_of(group, ends, starts, offsets))
            for group, present, offsets in zip(groups, members, committed, strict=True)
        ]
        return GroupsStatus(answer_ms, lags)

    async def _find_coordinators(self, groups: Sequence[Group]) -> None:
        unknown = [group.name for group in groups if group.name not in self._coordinators]
        nodes = await asyncio.gather(*(self._admin.find_coordinator(name) for name in unknown))
        self._coordinators |= dict(zip(unknown, nodes, strict=True))

    async def _members(self, name: str) -> int:
        # One group a question: this client cannot read an answer about several.
        (answer,) = await self._admin.describe_consumer_groups([name], self._coordinators[name])
        (group,) = answer.to_object()["groups"]
        if group["error_code"]:
            raise for_code(group["error_code"])(name)
        return len(group["members"])

    async def _committed(self, name: str) -> Any:
        return await self._admin.list_consumer_group_offsets(name, self._coordinators[name])


def lag_of(group: Group, ends: Mapping[Any, int], starts: Mapping[Any, int], committed: Any) -> Mapping[str, int]:
    """Sum up the lag by topic. What was deleted unread does not count; where nothing was committed, everything does."""
    lag = dict.fromkeys(group.topics, 0)
    for place, end in ends.items():
        if place.topic in lag:
            offset = committed[place].offset if place in committed else -1
            lag[place.topic] += max(0, end - max(offset, starts[place]))
    return lag
