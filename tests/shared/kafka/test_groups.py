from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from devstack import Endpoints
from shared.commands.bus import KafkaUnreachable
from shared.kafka.groups import Group, GroupLag, KafkaGroups

RECORDS = 3


@pytest.fixture
async def topic(endpoints: Endpoints) -> AsyncIterator[str]:
    """Of two partitions, three records in the first."""
    name = f"looked-at-{uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=endpoints.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 2, 1)])
    producer = AIOKafkaProducer(bootstrap_servers=endpoints.kafka_bootstrap)
    await producer.start()
    for _ in range(RECORDS):
        await producer.send_and_wait(name, b"{}", partition=0)
    await producer.stop()
    yield name
    await admin.delete_topics([name])
    await admin.close()


@pytest.fixture
async def groups(endpoints: Endpoints) -> AsyncIterator[KafkaGroups]:
    groups = KafkaGroups(endpoints.kafka_bootstrap)
    yield groups
    await groups.close()


async def test_lag_is_what_a_group_has_not_committed_whether_anybody_is_in_it_or_not(
    endpoints: Endpoints, topic: str, groups: KafkaGroups
) -> None:
    name, nobodys = f"group-of-{topic}", f"nobody-of-{topic}"
    looked_at = [Group(name, [topic]), Group(nobodys, [topic])]
    member = AIOKafkaConsumer(
        topic,
        bootstrap_servers=endpoints.kafka_bootstrap,
        group_id=name,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await member.start()
    await member.commit({TopicPartition(topic, 0): 1})
    present = await groups.look(looked_at)
    await member.stop()
    gone = await groups.look(looked_at)

    untouched = GroupLag(nobodys, 0, {topic: RECORDS})
    assert present.groups == [GroupLag(name, 1, {topic: RECORDS - 1}), untouched]
    assert gone.groups == [GroupLag(name, 0, {topic: RECORDS - 1}), untouched]
    assert present.answer_ms > 0


async def test_a_broker_that_is_not_there_is_unreachable() -> None:
    groups = KafkaGroups("127.0.0.1:1")
    with pytest.raises(KafkaUnreachable):
        await groups.look([Group("a", ["b"])])
    await groups.close()
