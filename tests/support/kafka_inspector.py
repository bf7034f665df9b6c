"""Kafka as an operator sees it: groups and their offsets, records as they lie on their topics, a topic's settings."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import TopicPartition

import registry.events
from app.migration.migrate import EVENT_SOURCES, topics
from assignments.events import (
    IndustryTemplateAppliedEvent,
    ModuleAssignedEvent,
    ModulesBulkAssignedEvent,
    ModuleUnassignedEvent,
)
from organizations.events import OrganizationRegisteredEvent
from shared.messages import EventEnvelope, command_topic

T = TypeVar("T")

COUNTED = [ModuleAssignedEvent.topic, ModuleUnassignedEvent.topic, ModulesBulkAssignedEvent.topic]
GROUPS = {
    **{f"modplane.{context}.commands": [command_topic(context)] for context in EVENT_SOURCES},
    "modplane.assignments.events": [*COUNTED, OrganizationRegisteredEvent.topic],
    "modplane.organizations.events": [IndustryTemplateAppliedEvent.topic],
    "modplane.registry.events": sorted(registry.events.EVENTS),
}
EVENTS = msgspec.json.Decoder(EventEnvelope)

End = Literal["beginning", "end"]

Record = tuple[int, bytes, bytes | None]
"""Partition, key, value."""


class Member(NamedTuple):
    """A consumer with a place of its own in a group."""

    group: str
    topics: Sequence[str]
    name: str


class KafkaInspector:
    """Short visits to Kafka, each with clients of its own; not for use inside a running event loop."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    def produce(self, topic: str, records: Sequence[Record]) -> list[int]:
        """Appends the records in this order; returns their offsets."""

        async def visit() -> list[int]:
            producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, acks="all")
            await producer.start()
            try:
                sent = [
                    await producer.send(topic, value, key=key, partition=partition) for partition, key, value in records
                ]
                return [(await answer).offset for answer in sent]
            finally:
                await producer.stop()

        return asyncio.run(visit())

    def lag(self, group: str | None = None) -> int:
        """How many records the group, or all groups together, have not committed."""
        return self._visit(lambda admin: self._lag(admin, [group] if group else list(GROUPS)))

    async def _lag(self, admin: AIOKafkaAdminClient, groups: Sequence[str]) -> int:
        lag = 0
        async with self._reader() as reader:
            for group in groups:
                partitions = await partitions_of(reader, GROUPS[group])
                committed = await offsets_of(admin, group)
                ends, starts = await reader.end_offsets(partitions), await reader.beginning_offsets(partitions)
                lag += sum(ends[where] - max(committed.get(where, 0), starts[where]) for where in partitions)
        return lag

    def ends(self) -> dict[TopicPartition, int]:
        """Where the next record of every partition of every topic will lie."""
        return self._visit(self._ends)

    async def _ends(self, _: AIOKafkaAdminClient) -> dict[TopicPartition, int]:
        async with self._reader() as reader:
            ends: dict[TopicPartition, int] = await reader.end_offsets(await partitions_of(reader, list(topics())))
            return ends

    def committed(self, group: str) -> dict[TopicPartition, int]:
        """The group's offsets."""
        return self._visit(lambda admin: offsets_of(admin, group))

    def rewind(self, replica: str) -> int:
        """Sets all groups back to the beginning of all their partitions; returns how many records will come again.

        Takes the stopped replica's place in each group to do so: nobody else could commit for it before its session
        ends.
        """
        return self._visit(lambda admin: self._rewind(admin, replica))

    async def _rewind(self, admin: AIOKafkaAdminClient, replica: str) -> int:
        known = {group for group, *_ in await admin.list_consumer_groups() if group.startswith("modplane.")}
        assert known == set(GROUPS)
        return sum(await asyncio.gather(*[self._rewind_one(admin, group, replica) for group in GROUPS]))

    async def _rewind_one(self, admin: AIOKafkaAdminClient, group: str, replica: str) -> int:
        return await self._move(admin, Member(group, GROUPS[group], f"{group}.{replica}"), GROUPS[group], "beginning")

    def move(self, member: Member, names: Sequence[str], to: End) -> int:
        """Sets a group to an end of these topics; returns by how many records. Takes the stopped member's place."""
        return self._visit(lambda admin: self._move(admin, member, names, to))

    async def _move(self, admin: AIOKafkaAdminClient, member: Member, names: Sequence[str], to: End) -> int:
        consumer = AIOKafkaConsumer(
            *member.topics,
            bootstrap_servers=self._bootstrap,
            group_id=member.group,
            group_instance_id=member.name,
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            offsets = await offsets_of(admin, member.group)
            committed = {where: at for where, at in offsets.items() if where.topic in names}
            find = consumer.beginning_offsets if to == "beginning" else consumer.end_offsets
            ends = await find(list(committed))
            await consumer.commit(ends)
        finally:
            await consumer.stop()
        return sum(abs(offset - ends[where]) for where, offset in committed.items())

    def events(self, names: Sequence[str]) -> list[EventEnvelope]:
        """All events on these topics, in order within each partition."""
        return [EVENTS.decode(record.value) for record in self.records(names)]

    def records(self, names: Sequence[str]) -> list[Any]:
        """All that lies on these topics, as the client tells it, in order within each partition."""
        return self._visit(partial(self._records, names))

    def headers(self, names: Sequence[str], header: str) -> dict[str, set[str]]:
        """What the records of each of these topics have in this header."""
        return {
            name: {value.decode() for record in self.records([name]) for key, value in record.headers if key == header}
            for name in names
        }

    async def _records(self, names: Sequence[str], _: AIOKafkaAdminClient) -> list[Any]:
        records: list[Any] = []
        async with self._reader() as reader:
            partitions = await partitions_of(reader, names)
            ends = await reader.end_offsets(partitions)
            starts = await reader.beginning_offsets(partitions)
            for where in partitions:
                if ends[where] == starts[where]:
                    continue
                reader.assign([where])
                reader.seek(where, starts[where])
                while await reader.position(where) < ends[where]:
                    pages = await reader.getmany(where, timeout_ms=1000)
                    records += [record for page in pages.values() for record in page]
        return records

    def configure(self, topic: str, settings: Mapping[str, str]) -> None:
        """Gives the topic the settings it was made with, and these."""
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, {**topics()[topic], **settings})
        self._visit(lambda admin: admin.alter_configs([resource]))

    def delete_records(self, topic: str) -> None:
        """Empties the topic."""

        async def visit(admin: AIOKafkaAdminClient) -> None:
            async with self._reader() as reader:
                partitions = await partitions_of(reader, [topic])
            await admin.delete_records({where: RecordsToDelete(before_offset=-1) for where in partitions})

        self._visit(visit)

    def _visit(self, what: Callable[[AIOKafkaAdminClient], Coroutine[Any, Any, T]]) -> T:
        async def visit() -> T:
            admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
            await admin.start()
            try:
                return await what(admin)
            finally:
                await admin.close()

        return asyncio.run(visit())

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        reader = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, group_id=None)
        await reader.start()
        try:
            yield reader
        finally:
            await reader.stop()


async def offsets_of(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    found = await admin.list_consumer_group_offsets(group)
    return {where: at.offset for where, at in found.items() if at.offset >= 0}


async def partitions_of(reader: AIOKafkaConsumer, names: Sequence[str]) -> list[TopicPartition]:
    """All partitions of the topics; the cluster's metadata are asked for what the client has not seen yet."""
    metadata = await reader._client.fetch_all_metadata()  # noqa: SLF001 - the public method waits for a subscription
    return [TopicPartition(topic, number) for topic in sorted(names) for number in metadata.partitions_for_topic(topic)]
