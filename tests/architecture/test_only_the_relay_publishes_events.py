"""Events reach Kafka through the relay alone, so none is published that is not in the event log."""

import ast
from pathlib import Path

import pytest

from tests.architecture.conftest import SRC, dotted, imported, sources

RELAY = SRC / "shared" / "outbox" / "relay.py"
CLIENT = SRC / "shared" / "kafka" / "broker.py"
PUBLISHER = "publish_module_event"
SENDING = {"publish", "publish_batch", "publisher", "request", "send", "send_and_wait", "send_batch"}
PRODUCERS = {"AIOKafkaProducer", "KafkaProducer"}


def publishes_events(source: str) -> list[int]:
    """The lines that use the relay's publisher in any way but to define it."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Attribute) and node.attr == PUBLISHER)
        or (isinstance(node, ast.Constant) and node.value == PUBLISHER)
    ]


def reaches_the_broker(source: str) -> list[int]:
    """The lines that send with a broker or a producer, or import a producer."""
    tree = ast.parse(source)
    sends = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in SENDING and is_client(node.value)
    ]
    return sends + [line for line, name in imported(tree) if name.split(".")[-1] in PRODUCERS]


def is_client(receiver: ast.AST) -> bool:
    called = receiver.func if isinstance(receiver, ast.Call) else receiver
    name = dotted(called).split(".")[-1].lower()
    return name.endswith(("broker", "producer"))


def test_the_relay_is_the_only_one_that_publishes_events() -> None:
    assert {file for file in sources() if publishes_events(file.read_text())} == {RELAY}
    assert len(publishes_events(RELAY.read_text())) == 1


def test_only_the_kafka_adapter_reaches_the_broker() -> None:
    assert {file for file in sources() if reaches_the_broker(file.read_text())} == {CLIENT}


def test_the_command_port_is_given_command_topics_only() -> None:
    users = {file: calls for file in sources() if file != CLIENT and (calls := list(published_topics(file)))}
    assert users == {SRC / "shared" / "commands" / "bus.py": ["command_topic"]}


def published_topics(file: Path) -> list[str]:
    return [
        dotted(node.args[0].func) if node.args and isinstance(node.args[0], ast.Call) else "?"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "publish"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "await self.publisher.publish_module_event(a, b)",
        "f = relay.publish_module_event",
        "getattr(p, 'publish_module_event')",
    ],
)
def test_a_use_of_the_relays_publisher_is_found(source: str) -> None:
    assert publishes_events(source) == [1]


@pytest.mark.parametrize(
    "source",
    [
        "await broker.publish(event, topic)",
        "await self._connection.broker.publish_batch(a, b)",
        "await producer.send(topic, value)",
        "await self._producer.send_and_wait(topic)",
        "await make_broker().publish(event)",
        "@kafka_broker.publisher('topic')\nasync def f(): ...",
        "from aiokafka import AIOKafkaProducer",
        "send = broker.publish",
    ],
)
def test_a_way_round_the_relay_is_found(source: str) -> None:
    assert reaches_the_broker(source) == [1]


@pytest.mark.parametrize("source", ["await self.send(context, work)", "await bus.execute(a)", "def publish(self): ..."])
def test_what_reaches_no_broker_is_not_found(source: str) -> None:
    assert reaches_the_broker(source) == []
