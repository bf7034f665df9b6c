from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from assignments.commands import UpdateModuleConfig
from devstack import Endpoints
from shared.messages import COMMAND_SCHEMA, CommandEnvelope
from tests.support.api_client import Api, sign_in
from tests.support.command_records import GROUP, TOPIC, command_envelope, partition_records
from tests.support.database_inspector import DatabaseInspector
from tests.support.kafka_inspector import KafkaInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

PROGRAM = Path(__file__).with_name("entry_with_faults.py")
BATCH = 500
NEWER = COMMAND_SCHEMA + 1


def replica_of(endpoints: Endpoints, directory: Path, **environment: str) -> ServiceProcess:
    return ServiceProcess(
        endpoints,
        directory / "service.log",
        replica="faults",
        environment={"FAULTS": str(directory), **environment},
        program=[str(PROGRAM)],
    )


def patched(organization: str, module: str, patch: dict[str, Any], **fields: Any) -> CommandEnvelope:
    return command_envelope(UpdateModuleConfig(organization, module, patch), **fields)


@contextmanager
def no_config_with(ledger: DatabaseInspector, word: str) -> Iterator[None]:
    """Has the database refuse to save any config that holds the word."""
    table = "assignments.assignments"
    ledger.fetch(f"ALTER TABLE {table} ADD CONSTRAINT no_{word} CHECK (config::text NOT LIKE '%{word}%')")
    try:
        yield
    finally:
        ledger.fetch(f"ALTER TABLE {table} DROP CONSTRAINT no_{word}")


@pytest.fixture
def broker(endpoints: Endpoints) -> Iterator[KafkaInspector]:
    """Leaves no record behind that another test's consumers would stumble over."""
    broker = KafkaInspector(endpoints.kafka_bootstrap)
    yield broker
    broker.delete_records(TOPIC)


def assigned(admin: Api) -> tuple[str, str]:
    """An organization, and the module it has."""
    organization, module = admin.organization(), admin.module()
    assert admin.post(f"/modules/assign/{organization}", {"module_id": module}).status_code == 200
    return organization, module


def letters_from(ledger: DatabaseInspector, sources: list[str]) -> set[str]:
    """Those of the sources that have a dead letter."""
    query = "SELECT source FROM shared.dead_letters WHERE kind = 'command' AND source = ANY($1)"
    return {source for (source,) in ledger.fetch(query, sources)}


def test_a_bad_command_and_unreadable_records_harm_no_other_of_their_batch(
    endpoints: Endpoints, broker: KafkaInspector, tmp_path: Path
) -> None:
    ledger = DatabaseInspector(endpoints.postgres_url)
    with replica_of(endpoints, tmp_path) as replica:
        organization, module = assigned(sign_in(replica.url))
        wait_for(lambda: not broker.lag(GROUP), "all consumed")
    word = f"p{uuid4().hex}"
    good = [patched(organization, module, {f"key_{number}": number}) for number in range(BATCH - 1)]
    bad = patched(organization, module, {word: True})
    with_nul = msgspec.json.encode(patched(organization, module, {"nul": 1})).replace(b"somebody", b"some\\u0000body")
    not_utf8 = with_nul.replace(b"\\u0000", b"\xff")
    too_deep = with_nul.replace(b'"nul":1', b'"nul":' + b"[" * 50_000 + b"]" * 50_000)
    unreadable = [b"no json", b'{"operation_id": 1}', b"", None, with_nul, not_utf8, too_deep]
    middle = BATCH // 2
    records = partition_records(0, *good[:middle], bad, *unreadable, *good[middle:])
    offsets = broker.produce(TOPIC, records)
    with no_config_with(ledger, word), replica_of(endpoints, tmp_path) as replica:
        wait_for(lambda: not broker.lag(GROUP), "the partition goes on")
        statuses = ledger.statuses([one.operation_id for one in [*good, bad]])
        assert [one.operation_id for one in good if statuses[one.operation_id] != "applied"] == []
        assert statuses[bad.operation_id] == "failed"
        sources = [f"{TOPIC}/0/{offset}" for offset in offsets[middle + 1 :][: len(unreadable)]]
        assert letters_from(ledger, sources) == set(sources)
        failed = ledger.fetch(
            "SELECT body FROM shared.dead_letters WHERE position($1::bytea in body) > 0", word.encode()
        )
        assert [msgspec.json.decode(body, type=CommandEnvelope).operation_id for (body,) in failed] == [
            bad.operation_id
        ]
        check_the_order_was_kept(ledger, organization, good)
    with replica_of(endpoints, tmp_path) as replica:
        admin = sign_in(replica.url)
        broker.produce(TOPIC, partition_records(0, bad))
        wait_for(lambda: ledger.statuses([bad.operation_id]) == {bad.operation_id: "applied"}, "the retry is applied")
        config = admin.modules_of(organization)[module]["config"]
        assert config == {word: True} | {f"key_{number}": number for number in range(BATCH - 1)}
    assert ledger.gaps([organization]) == []


def check_the_order_was_kept(ledger: DatabaseInspector, organization: str, sent: list[CommandEnvelope]) -> None:
    query = (
        "SELECT operation_id FROM shared.event_log WHERE aggregateid = $1 AND operation_id = ANY($2) ORDER BY sequence"
    )
    ids: list[UUID] = [one.operation_id for one in sent]
    assert [id_ for (id_,) in ledger.fetch(query, organization, ids)] == ids


def test_a_failed_operation_works_by_the_same_key_once_its_cause_is_gone(endpoints: Endpoints, tmp_path: Path) -> None:
    ledger, word = DatabaseInspector(endpoints.postgres_url), f"p{uuid4().hex}"
    with replica_of(endpoints, tmp_path) as replica:
        admin = sign_in(replica.url)
        organization, module = assigned(admin)
        path = f"/organizations/{organization}/modules/{module}"
        with no_config_with(ledger, word):
            failed = admin.patch(path, {word: 1}, idempotency_key="one")
        assert (failed.status_code, failed.json()["type"]) == (500, "urn:modplane:problem:operation_failed")
        assert word not in str(admin.modules_of(organization))
        applied = admin.patch(path, {word: 1}, idempotency_key="one")
        assert applied.status_code == 200, applied.text
        assert applied.headers["modplane-operation-id"] == failed.headers["modplane-operation-id"]
        assert admin.modules_of(organization)[module]["config"] == {word: 1}
        operation = UUID(failed.headers["modplane-operation-id"])
        letters = ledger.fetch("SELECT status FROM shared.dead_letters WHERE subject_id = $1", operation)
        assert letters == [("resolved",)]


def test_an_operator_tries_a_failed_command_again(endpoints: Endpoints, tmp_path: Path) -> None:
    ledger, word = DatabaseInspector(endpoints.postgres_url), f"p{uuid4().hex}"
    with replica_of(endpoints, tmp_path) as replica:
        admin = sign_in(replica.url)
        organization, module = assigned(admin)
        with no_config_with(ledger, word):
            failed = admin.patch(f"/organizations/{organization}/modules/{module}", {word: 1})
            operation = failed.headers["modplane-operation-id"]
            letters = admin.get("/system/dead-letters?kind=command&status=open").json()["items"]
            (letter,) = [one for one in letters if one["subject_id"] == operation]
            path = f"/system/dead-letters/{letter['id']}"
            again = admin.post(f"{path}/retry").json()
            assert (again["status"], again["retries"]) == ("open", 1)
        assert admin.get(path).json()["operation_status"] == "failed"
        assert admin.post(f"{path}/retry").json()["status"] == "resolved"
        assert admin.modules_of(organization)[module]["config"] == {word: 1}
        assert ledger.statuses([UUID(operation)]) == {UUID(operation): "applied"}
        assert ledger.gaps([organization]) == []


def test_commands_of_a_newer_version_wait_for_it_and_hold_up_no_other_partition(
    endpoints: Endpoints, broker: KafkaInspector, tmp_path: Path
) -> None:
    ledger = DatabaseInspector(endpoints.postgres_url)
    with replica_of(endpoints, tmp_path) as replica:
        organization, module = assigned(sign_in(replica.url))
        wait_for(lambda: not broker.lag(GROUP), "all consumed")
    before, newer, after, elsewhere, unknown = [
        patched(organization, module, {f"key_{number}": number}, schema_version=NEWER if number == 1 else 1)
        for number in range(5)
    ]
    much_newer = patched(organization, module, {}, schema_version=NEWER + 1)
    reshaped = msgspec.json.encode(much_newer).replace(b'"issued_at":', b'"moment":')
    unknown_type = msgspec.json.encode(unknown).replace(b"update_module_config", b"invent_module")
    offsets = broker.produce(TOPIC, partition_records(0, before, newer, after, reshaped))
    offsets_of_unknown = broker.produce(TOPIC, partition_records(1, elsewhere, unknown_type))
    with replica_of(endpoints, tmp_path) as replica:
        readable = {before.operation_id: "applied", elsewhere.operation_id: "applied"}
        wait_for(lambda: ledger.statuses(list(readable)) == readable, "what can be read is decided")
        wait_for(lambda: replica.log.count("batch_waits") > 1, "the others come again")
        held = {one.operation_id for one in (newer, after, unknown)}
        assert ledger.statuses(list(held)) == {}
    check_offsets_stay(broker, {0: offsets[1], 1: offsets_of_unknown[1]})
    with replica_of(endpoints, tmp_path, FAULTS_COMMAND_SCHEMA=str(NEWER)):
        upgraded = dict.fromkeys((newer.operation_id, after.operation_id), "applied")
        wait_for(lambda: ledger.statuses(list(upgraded)) == upgraded, "the newer version decides them")
    assert letters_from(ledger, [f"{TOPIC}/0/{offset}" for offset in offsets]) == set()


def check_offsets_stay(broker: KafkaInspector, firsts: dict[int, int]) -> None:
    committed = {where.partition: offset for where, offset in broker.committed(GROUP).items()}
    for partition, first in firsts.items():
        assert committed.get(partition, 0) <= first
