import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from app.manifest.apply import EXIT_MANIFEST_REFUSED
from app.manifest.files import load_manifest as load
from app.manifest.files import read_manifest
from app.manifest.model import (
    MAX_BYTES,
    Manifest,
    ManifestEntry,
    ManifestIndustry,
    ManifestModule,
    ManifestRefused,
    manifest_schema,
)
from industries.commands import CreateIndustry
from registry.commands import RegisterModule

OVEN = {
    "module_id": "oven",
    "module_name": "Oven",
    "description": "Bakes.",
    "category": "Kitchen",
    "service_name": "oven-service",
    "api_endpoint": "/api/v1/oven",
    "version": "1.0",
}
BAKERY = {
    "industry_code": "bakery",
    "industry_name": "Bakery",
    "description": "Bread.",
    "modules": [{"module_id": "oven", "is_required": True}],
}


def written(tmp_path: Path, text: str, name: str = "manifest.yaml") -> Path:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


def described(tmp_path: Path, content: dict[str, Any], name: str = "manifest.yaml") -> Path:
    return written(tmp_path, yaml.safe_dump(content, sort_keys=False), name)


def errors(path: Path) -> list[str]:
    with pytest.raises(ManifestRefused) as refused:
        load(path)
    return [str(error).removeprefix(str(path)).removeprefix("/") for error in refused.value.errors]


def with_field(tmp_path: Path, line: str) -> list[str]:
    return errors(written(tmp_path, yaml.safe_dump({"modules": [OVEN]}, sort_keys=False) + f"  {line}\n"))


def test_a_manifest_has_the_fields_of_the_commands() -> None:
    assert ManifestModule.__struct_fields__ == RegisterModule.__struct_fields__
    assert ManifestIndustry.__struct_fields__ == CreateIndustry.__struct_fields__


def test_the_published_schema_takes_what_is_read_and_refuses_what_is_refused() -> None:
    validator = Draft202012Validator(manifest_schema())
    assert list(validator.iter_errors({"modules": [OVEN], "industries": [BAKERY], "x-more": 1, ".more": 2})) == []
    wrongs: list[Any] = [
        {"modules": [{**OVEN, "colour": "red"}]},
        {"module": []},
        {"industries": [{"modules": []}]},
        [],
    ]
    assert all(list(validator.iter_errors(wrong)) for wrong in wrongs)


def test_modules_and_industries_are_read_with_their_defaults(tmp_path: Path) -> None:
    manifest = load(described(tmp_path, {"modules": [OVEN], "industries": [BAKERY]}))
    [module], [industry] = manifest.modules, manifest.industries
    assert (module.module_id, module.metadata, module.default_config, module.is_active) == ("oven", {}, {}, True)
    assert industry.modules == [ManifestEntry("oven", is_required=True, default_config={})]


def test_json_is_read_like_yaml(tmp_path: Path) -> None:
    content = {
        "modules": [{**OVEN, "description": "🔥\t🔥", "metadata": {"a": [1, 2.5, 1e3, None, True, {}], "": "[x"}}],
        "industries": [BAKERY],
    }
    manifest = load(written(tmp_path, json.dumps(content, indent=1), "manifest.json"))
    assert manifest.modules[0].metadata == {"a": [1, 2.5, 1000.0, None, True, {}], "": "[x"}
    assert manifest.modules[0].description == "🔥\t🔥"


def test_the_documents_of_a_file_are_one_manifest(tmp_path: Path) -> None:
    text = f"{yaml.safe_dump({'industries': [BAKERY]})}---\n---\n{yaml.safe_dump({'modules': [OVEN]})}---\n" + (
        yaml.safe_dump({"industries": [{**BAKERY, "industry_code": "cafe"}]})
    )
    manifest = load(written(tmp_path, text))
    assert [industry.industry_code for industry in manifest.industries] == ["bakery", "cafe"]
    assert [module.module_id for module in manifest.modules] == ["oven"]


def test_a_directory_is_its_manifest_files_sorted_by_name(tmp_path: Path) -> None:
    described(tmp_path, {"modules": [{**OVEN, "module_id": "till"}]}, "b.yml")
    described(tmp_path, {"modules": [OVEN]}, "a.yaml")
    written(tmp_path, json.dumps({"modules": [{**OVEN, "module_id": "flour"}]}), "c.json")
    written(tmp_path, "no: manifest", "notes.txt")
    assert [module.module_id for module in load(tmp_path).modules] == ["oven", "till", "flour"]


def test_an_empty_file_describes_nothing(tmp_path: Path) -> None:
    assert load(written(tmp_path, "# soon\n")) == Manifest([], [], [])


def test_every_error_of_every_file_is_told_with_its_place(tmp_path: Path) -> None:
    described(tmp_path, {"modules": [{**OVEN, "module_id": "Oven!", "version": 1.0, "colour": "red"}]}, "a.yaml")
    described(tmp_path, {"industries": [{"industry_code": "bakery", "modules": [{"module_id": "oven"}]}]}, "b.yaml")
    assert errors(tmp_path) == [
        "a.yaml:2: modules[0].module_id: 2 to 63 of a-z, 0-9 and _, a letter first",
        "a.yaml:8: modules[0].version: expected text, got a number: quote it if it is text",
        "a.yaml:9: modules[0].colour: unknown field; known are " + ", ".join(ManifestModule.__struct_fields__),
        "b.yaml:2: industries[0].industry_name: missing",
        "b.yaml:4: industries[0].modules[0].is_required: missing",
    ]


def test_values_that_cannot_be_taken_hide_no_other_error(tmp_path: Path) -> None:
    told = with_field(tmp_path, "metadata: {since: 2024-01-01}\n  extra: 1")
    assert [error.split(": ")[1] for error in told] == ["modules[0].metadata.since", "modules[0].extra"]


def test_an_almost_right_field_is_suggested(tmp_path: Path) -> None:
    assert with_field(tmp_path, "is_activ: true") == [":9: modules[0].is_activ: unknown field; did you mean is_active?"]


def test_an_id_given_twice_is_refused_also_across_files(tmp_path: Path) -> None:
    described(tmp_path, {"modules": [OVEN], "industries": [BAKERY]}, "a.yaml")
    described(tmp_path, {"modules": [OVEN], "industries": [BAKERY]}, "b.yaml")
    first = tmp_path / "a.yaml"
    assert errors(tmp_path) == [
        f"b.yaml:2: modules[0].module_id: oven is given twice, first at {first}:2",
        f"b.yaml:10: industries[0].industry_code: bakery is given twice, first at {first}:10",
    ]


def test_a_module_and_an_industry_may_share_an_id(tmp_path: Path) -> None:
    manifest = load(described(tmp_path, {"modules": [OVEN], "industries": [{**BAKERY, "industry_code": "oven"}]}))
    assert manifest.industries[0].industry_code == manifest.modules[0].module_id


def test_a_module_named_twice_in_one_industry_is_refused(tmp_path: Path) -> None:
    entries = [{"module_id": "oven", "is_required": required} for required in (True, False)]
    file = described(tmp_path, {"industries": [{**BAKERY, "modules": entries}]})
    assert errors(file) == [f":8: industries[0].modules[1].module_id: oven is given twice, first at {file}:6"]


def test_more_modules_than_a_template_takes_are_refused(tmp_path: Path) -> None:
    entries = [{"module_id": f"module_{number}", "is_required": True} for number in range(2001)]
    assert errors(described(tmp_path, {"industries": [{**BAKERY, "modules": entries}]})) == [
        ":6: industries[0].modules: more than 2000"
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("is_active: 'yes'", "modules[0].is_active: expected true or false, got text"),
        ("is_active: yes", "modules[0].is_active: yes would be read as bool: write true or false, or quote it"),
        ("is_active: null", "modules[0].is_active: expected true or false, got null"),
        ("metadata: [1]", "modules[0].metadata: expected a mapping of fields, got a list"),
        ("metadata: {at: 12:30}", "modules[0].metadata.at: 12:30 would be read as int: quote it if it is text"),
        ("metadata: {zip: 0123}", "modules[0].metadata.zip: 0123 would be read as int: quote it if it is text"),
        ("metadata: {a: .inf}", "modules[0].metadata.a: .inf would be read as float: quote it if it is text"),
        ("metadata: {a: 1.0e+999}", "modules[0].metadata.a: is no finite number"),
        ("metadata: {a: 99999999999999999999}", "modules[0].metadata.a: is a number of more than 64 bits: quote it"),
        ('metadata: {a: "\\0"}', "modules[0].metadata.a: holds a NUL or half a surrogate pair, which cannot be stored"),
        ("metadata: {1: a}", "modules[0].metadata: the key 1 is not text: quote it"),
        ("metadata: {<<: 1}", "modules[0].metadata: << takes a mapping, or a list of mappings"),
        (
            "metadata: {a: 1e3}",
            "modules[0].metadata.a: 1e3 would be read as a number elsewhere: quote it if it is text",
        ),
        (
            "metadata: {a: 0o17}",
            "modules[0].metadata.a: 0o17 would be read as a number elsewhere: quote it if it is text",
        ),
        ("metadata: {on: 1}", "modules[0].metadata: the key on is not text: quote it"),
        (
            "metadata: {a: !!python/none x}",
            "modules[0].metadata.a: x would be read as python/none: quote it if it is text",
        ),
        ("metadata: {a: !set {b}}", "modules[0].metadata.a: the tag !set is not allowed"),
        ("metadata: {a: 1, a: 1}", "modules[0].metadata.a: given twice, first on line 9"),
        ("version: '2'", "modules[0].version: given twice, first on line 8"),
    ],
)
def test_what_json_could_not_say_or_the_field_not_take_is_refused(tmp_path: Path, line: str, told: str) -> None:
    assert with_field(tmp_path, line) == [f":9: {told}"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("modules:\n- *x\n", ":2: not YAML: found undefined alias"),
        ("modules: &x [*x]\n", ":1: nested more than 40 levels deep"),
        ("modules:\n\t- a\n", ":2: not YAML: found character that cannot start any token"),
        ("modules: [\n", ":2: not YAML: did not find expected node content"),
        ("modules:\n- \x01\n", ":2: not YAML: unacceptable character #x0001: control characters are not allowed"),
        ("- oven\n", ":1: expected `modules:` and `industries:` at the top"),
        ("modules: oven\n", ":1: modules: expected a list, got text"),
        ("modules:\n- oven\n", ":2: modules[0]: expected a mapping of fields, got text"),
        ("modules: []\nmodule: []\n", ":2: module: unknown field; did you mean modules?"),
        ("[" * 41, ":1: nested more than 40 levels deep"),
        ("[" * 200_000, ":1: nested more than 40 levels deep"),
    ],
)
def test_a_yaml_text_that_is_no_manifest_is_refused(tmp_path: Path, text: str, told: str) -> None:
    assert errors(written(tmp_path, text)) == [told]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"modules": [],\n}', ":2: not JSON: Expecting property name enclosed in double quotes"),
        ('{"modules": [],\n"modules": []}', ":2: modules: given twice, first on line 1"),
        ("[" * 200_000, ":1: not JSON: nested too deeply, or a number with thousands of digits"),
        ("[" * 45 + "]" * 45, ":1: nested more than 40 levels deep"),
    ],
)
def test_a_json_text_that_is_no_manifest_is_refused(tmp_path: Path, text: str, told: str) -> None:
    assert errors(written(tmp_path, text, "manifest.json"))[0] == told


def test_json_errors_name_the_line_of_the_value(tmp_path: Path) -> None:
    text = json.dumps({"modules": [{**OVEN, "metadata": {"a": "\ud800"}, "version": None}]}, indent=1)
    assert errors(written(tmp_path, text, "manifest.json")) == [
        ":10: modules[0].version: expected text, got null: quote it if it is text",
        ":12: modules[0].metadata.a: holds a NUL or half a surrogate pair, which cannot be stored",
    ]


WRITTEN_ONCE = """
x-kitchen: &kitchen {category: Kitchen, service_name: kitchen, api_endpoint: /k, version: '1.0'}
.layers: {warm: &warm {degrees: 180, fan: true}, hot: &hot {degrees: 250}}
modules:
- &oven
  <<: *kitchen
  module_id: oven
  module_name: Oven
  default_config: {<<: [*hot, *warm], door: closed}
- <<: *oven
  module_id: till
  default_config: *warm
industries:
- industry_code: bakery
  industry_name: Bakery
  modules: &all
  - {module_id: oven, is_required: true}
  - {module_id: till, is_required: false}
- {industry_code: cafe, industry_name: Cafe, modules: *all}
"""


def test_aliases_and_merge_keys_are_written_out(tmp_path: Path) -> None:
    manifest = load(written(tmp_path, WRITTEN_ONCE))
    oven, till = manifest.modules
    assert (oven.default_config, till.default_config) == (
        {"degrees": 250, "fan": True, "door": "closed"},
        {"degrees": 180, "fan": True},
    )
    assert (till.module_id, till.module_name, till.category, till.description) == ("till", "Oven", "Kitchen", "")
    assert [len(industry.modules) for industry in manifest.industries] == [2, 2]


def test_an_error_in_what_is_repeated_names_the_line_where_it_stands(tmp_path: Path) -> None:
    assert errors(written(tmp_path, WRITTEN_ONCE.replace("fan: true", "fan: yes"))) == [
        ":3: .layers.warm.fan: yes would be read as bool: write true or false, or quote it"
    ]
    assert errors(written(tmp_path, WRITTEN_ONCE.replace("'1.0'", "1.0"))) == [
        f":2: modules[{place}].version: expected text, got a number: quote it if it is text" for place in (0, 1)
    ]


def bomb(leaf: str, levels: int = 12) -> str:
    lines = [f"x-0: &a0 {leaf}"]
    lines += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join([*lines, "modules: []", ""])


@pytest.mark.parametrize("leaf", ["lol", "l" * 100_000, "{a: {b: c}}"], ids=["short", "long", "deep"])
def test_aliases_of_aliases_are_bounded(tmp_path: Path, leaf: str) -> None:
    [error] = errors(written(tmp_path, bomb(leaf)))
    assert error.endswith("aliases (*name) make too much of it: write it out")
    assert load(written(tmp_path, bomb("lol", levels=4))).modules == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["a.yaml", "a.YML", "a.JSON"])
def test_what_editors_and_shells_write_is_read(tmp_path: Path, encoding: str, end: str, name: str) -> None:
    content = {"modules": [{**OVEN, "module_name": "Łódź"}]}
    text = json.dumps(content, indent=1) if name.endswith("JSON") else yaml.safe_dump(content, allow_unicode=True)
    (tmp_path / name).write_bytes(text.replace("\n", end).encode(encoding))
    assert load(tmp_path).modules[0].module_name == "Łódź"


@pytest.mark.parametrize(
    "text", [json.dumps({"modules": [OVEN]}), yaml.safe_dump({"modules": [OVEN]}), "{modules: []}"]
)
def test_a_pipe_brings_json_or_yaml(text: str) -> None:
    assert len(read_manifest("stdin", text.encode()).modules) <= 1


def test_an_error_in_a_pipe_names_it_and_the_line() -> None:
    for text in ("modules:\n- oven\n", '{"modules": [\n"oven"]}'):
        with pytest.raises(ManifestRefused) as refused:
            read_manifest("stdin", text.encode())
        assert str(refused.value) == "stdin:2: modules[0]: expected a mapping of fields, got text"
    with pytest.raises(ManifestRefused, match="larger than"):
        read_manifest("stdin", b"#" * (MAX_BYTES + 1))


def test_an_error_in_a_document_of_several_names_its_line(tmp_path: Path) -> None:
    text = "modules: []\n---\nindustries:\n- {industry_code: bakery, modules: [{module_id: oven, is_required: 1}]}\n"
    assert errors(written(tmp_path, text)) == [
        ":4: industries[0].industry_name: missing",
        ":4: industries[0].modules[0].is_required: expected true or false, got a number",
    ]


def test_every_wrong_length_or_form_is_told(tmp_path: Path) -> None:
    wrong = {"category": "c" * 101, "service_name": "", "config_schema": 1, "default_config": None}
    assert errors(described(tmp_path, {"modules": [{**OVEN, **wrong}, {**OVEN, "module_id": "a"}]})) == [
        ":5: modules[0].category: The text has more than 100 characters",
        ":6: modules[0].service_name: The text has nothing to see",
        ":9: modules[0].config_schema: expected a mapping of fields or null, got a number",
        ":10: modules[0].default_config: expected a mapping of fields, got null",
        ":11: modules[1].module_id: 2 to 63 of a-z, 0-9 and _, a letter first",
    ]


def test_a_schema_that_cannot_be_used_is_refused_at_its_line(tmp_path: Path) -> None:
    [error] = errors(described(tmp_path, {"modules": [{**OVEN, "config_schema": {"type": "none"}}]}))
    assert error.startswith(":10: modules[0].config_schema: no usable schema: /type ")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert errors(tmp_path / "none.yaml") == [":1: there is no such file"]


def test_a_directory_without_manifests_is_refused(tmp_path: Path) -> None:
    assert errors(tmp_path) == [":1: the directory has no .yaml, .yml, .json file"]


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    assert errors(written(tmp_path, "", "manifest.txt")) == [":1: a manifest's name ends in .yaml, .yml, .json"]


def test_a_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("modules:\n- é\n".encode("latin-1"))
    assert errors(tmp_path / "latin.yaml") == [":2: not UTF-8"]


def test_more_than_the_size_limit_is_refused(tmp_path: Path) -> None:
    described(tmp_path, {"modules": [OVEN]}, "a.yaml")
    written(tmp_path, "#" * MAX_BYTES, "b.yaml")
    assert errors(tmp_path) == [":1: larger than 8,388,608 bytes: apply it in parts"]


def test_a_refusal_reads_as_one_line_an_error(tmp_path: Path) -> None:
    file = described(tmp_path, {"modules": [{"module_id": "oven"}]})
    with pytest.raises(ManifestRefused) as refused:
        load(file)
    assert str(refused.value).splitlines() == [str(error) for error in refused.value.errors]
    assert len(refused.value.errors) == 5
    assert EXIT_MANIFEST_REFUSED == 2


def test_names_are_read_as_they_are_kept_and_refused_as_everywhere(tmp_path: Path) -> None:
    module = {**OVEN, "module_name": "  Cafe\u0301 ", "description": "One\n\ttwo\n"}
    manifest = load(written(tmp_path, json.dumps({"modules": [module]}), "manifest.json"))
    assert (manifest.modules[0].module_name, manifest.modules[0].description) == ("Café", "One\n\ttwo")
    for name, flaw in (("Acme\u202elive", "U+202E, at place 5"), ("   ", "has nothing to see"), ("a\nb", "U+000A")):
        with pytest.raises(ManifestRefused) as refused:
            load(written(tmp_path, json.dumps({"modules": [{**OVEN, "module_name": name}]}), "manifest.json"))
        assert "modules[0].module_name: The text " in str(refused.value)
        assert flaw in str(refused.value)
