"""`apply` and `export` on a real database; a process of its own sends nothing but to itself, for Kafka is away."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from dishka import AsyncContainer

from access.users import PendingOwners
from app.cli.manifest_actions import Request, apply_file, compare_file, deletions, export_all
from app.cli.output import Answer, CommandFailed
from app.settings import Settings
from assignments.commands import AssignModule
from organizations.commands import RegisterOrganization
from shared.postgres.database import PostgresDatabase
from tests.app.conftest import Decided

OVEN = {
    "module_id": "oven",
    "module_name": "Oven",
    "description": "Bakes.",
    "category": "Kitchen",
    "service_name": "ovens",
    "api_endpoint": "/ovens",
    "version": "1.0",
    "default_config": {"degrees": 200},
}
TILL = OVEN | {"module_id": "till", "module_name": "Till"}
BAKERY = {
    "industry_code": "bakery",
    "industry_name": "Bakery",
    "description": "Bread.",
    "modules": [{"module_id": "oven", "is_required": True}, {"module_id": "till", "is_required": False}],
}
FORGE = BAKERY | {"industry_code": "forge", "industry_name": "Forge"}
FLOUR = OVEN | {"module_id": "flour", "module_name": "Flour"}
MILL = BAKERY | {"industry_code": "mill", "industry_name": "Mill", "modules": []}
REASONS = "SELECT type, reason, user_id FROM shared.event_log ORDER BY seq"


class Terminal:
    """Somebody at a terminal who applies manifests to this database."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        self.settings = settings
        self.file = directory / "manifest.json"
        self.said: list[str] = []

    def describe(self, *, modules: Any = (), industries: Any = ()) -> None:
        self.file.write_text(json.dumps({"modules": modules, "industries": industries}))

    async def apply(self, deletable: Any = (), **options: Any) -> Answer:
        self.said = []
        return await apply_file(self.settings, Request(self.file, **options), deletable, self.said.append)

    async def compare(self, **options: Any) -> Answer:
        self.said = []
        return await compare_file(self.settings, Request(self.file, **options), self.said.append)

    async def export(self, file: Path) -> Answer:
        return await export_all(self.settings, file, "yaml", self.said.append)


@pytest.fixture
async def terminal(
    settings: Settings,
    database: PostgresDatabase,  # noqa: ARG001 - it is emptied for the test
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Terminal:
    monkeypatch.setattr("app.cli.container.CONNECT_SECONDS", 0.05)
    return Terminal(settings, tmp_path)


@pytest.fixture
async def planted(terminal: Terminal) -> Terminal:
    terminal.describe(modules=[OVEN, TILL], industries=[BAKERY, FORGE])
    assert (await terminal.apply(reason="The first catalogue.")).exit_code == 0
    return terminal


async def everything(database: PostgresDatabase) -> dict[str, int]:
    async with database.snapshot() as snapshot:
        tables = ("event_log", "operations", "streams", "event_relay")
        return {table: await snapshot.fetchval(f"SELECT count(*) FROM shared.{table}") for table in tables}


async def test_a_comparison_says_what_would_change_and_changes_nothing(
    planted: Terminal, database: PostgresDatabase
) -> None:
    before = await everything(database)
    planted.describe(modules=[OVEN | {"version": "1.1", "default_config": {"degrees": 180}}, TILL], industries=[BAKERY])
    compared = await planted.compare()
    assert planted.said == [
        "module oven: update",
        '  version: "1.0" → "1.1"',
        "  default_config/degrees: 200 → 180",
        "0 to create, 1 to update, 0 to delete, 2 to keep",
    ]
    assert compared.exit_code == 3
    assert compared.document["summary"] == {"update": 1, "keep": 2}
    assert await everything(database) == before
    assert (await planted.apply()).exit_code == 0
    assert (await planted.compare()).exit_code == 0


async def test_the_reason_is_kept_with_the_events(planted: Terminal, database: PostgresDatabase) -> None:
    planted.describe(modules=[OVEN | {"version": "2"}])
    await planted.apply(reason="Newer ovens.")
    async with database.snapshot() as snapshot:
        rows = [tuple(row) for row in await snapshot.fetch(REASONS)]
    assert {reason for type_, reason, _ in rows if type_ != "tenant.module.updated"} == {"The first catalogue."}
    assert rows[-1] == ("tenant.module.updated", "Newer ovens.", "system:cli")


async def test_pruning_deletes_what_is_agreed_to_and_reports_what_is_in_use(
    planted: Terminal, decided: Decided, container: AsyncContainer
) -> None:
    organization = "01890000-0000-7000-8000-000000000001"
    owner = uuid4()
    await (await container.get(PendingOwners)).hold(owner, "ana@acme.example", None, "a long enough password")
    await decided("organizations", organization, RegisterOrganization(organization, "Acme", None, owner))
    await decided("assignments", organization, AssignModule(organization, "till", "ana"))
    planted.describe(modules=[FLOUR], industries=[MILL])
    assert (await planted.apply()).exit_code == 0
    doomed = ["industry bakery", "industry forge", "module oven", "module till"]
    assert (await deletions(planted.settings, Request(planted.file, prune=True))).document == doomed
    compared = await planted.compare(prune=True)
    assert planted.said == [
        "industry bakery: delete",
        "industry forge: delete",
        "module oven: delete",
        "module till: delete (refused: 1 organizations have it)",
        "0 to create, 0 to update, 4 to delete, 2 to keep",
    ]
    assert compared.exit_code == 1
    agreed = [name for name in doomed if name != "industry forge"]
    applied = await planted.apply(agreed, prune=True)
    assert applied.exit_code == 1
    assert [(item.kind, item.item_id, item.status) for item in applied.document["items"][2:]] == [
        ("industry", "bakery", "deleted"),
        ("module", "oven", "refused"),
        ("module", "till", "refused"),
    ]
    assert "organizations: 1" in planted.said[4]
    applied = await planted.apply(doomed, prune=True)
    assert planted.said[2:4] == ["industry forge: deleted", "module oven: deleted"]
    assert planted.said[-1] == "2 unchanged, 2 changed, 1 refused"


@pytest.mark.parametrize("text", ["", "# soon\n", "{}", "modules: []\n", "modules: []\nindustries: []\n", "x-a: 1\n"])
async def test_an_empty_catalogue_deletes_nothing(planted: Terminal, text: str) -> None:
    planted.file = planted.file.with_suffix(".yaml")
    planted.file.write_text(text)
    for attempt in (planted.compare, planted.apply):
        with pytest.raises(CommandFailed, match="would delete everything") as refused:
            await attempt(prune=True)
        assert refused.value.exit_code == 2
    assert (await planted.apply()).exit_code == 0


async def test_of_a_kind_that_is_not_spoken_of_nothing_is_deleted_and_that_is_told(planted: Terminal) -> None:
    planted.describe(modules=[OVEN, TILL])
    compared = await planted.compare(prune=True)
    assert planted.said[0] == "The manifest names no industry: none is deleted."
    assert (compared.exit_code, compared.document["notes"]) == (0, planted.said[:1])


async def test_what_is_skipped_in_a_directory_is_told(planted: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    (folder / "more").mkdir(parents=True)
    (folder / "OVENS.YAML").write_text(json.dumps({"modules": [OVEN]}))
    for name in (".hidden.yaml", "notes.txt", "more/till.yaml"):
        (folder / name).write_text("no: manifest")
    planted.file = folder
    applied = await planted.apply()
    assert planted.said == [
        "Not read: .hidden.yaml, more/, notes.txt",
        "module oven: unchanged",
        "1 unchanged, 0 changed",
    ]
    assert applied.document["notes"] == planted.said[:1]


async def test_what_is_exported_is_applied_again_without_a_change(planted: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "export.yaml"
    exported = await planted.export(file)
    assert exported.document == {"file": str(file), "modules": 2, "industries": 2}
    planted.file = file
    compared = await planted.compare(prune=True)
    assert (compared.exit_code, compared.document["items"]) == (0, [])
    first = file.read_text()
    await planted.export(file)
    assert file.read_text() == first


async def test_a_file_that_cannot_be_written_is_told(planted: Terminal, tmp_path: Path) -> None:
    for name, why in [("nowhere/export.yaml", "No such file"), ("export.txt", "ends in .yaml")]:
        with pytest.raises(CommandFailed, match=why):
            await planted.export(tmp_path / name)
