"""The files for Prometheus and Grafana: they can be read, and speak of metrics and labels that there are."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.docs.documents import ROOT
from tests.support.api_client import Api
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

HOME = ROOT / "deploy" / "observability"
GROUPS: list[dict[str, Any]] = yaml.safe_load((HOME / "alerts.yaml").read_text())["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
DASHBOARD: dict[str, Any] = json.loads((HOME / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
DURATION = re.compile(r"^\d+[smh]$")
OF_THE_SCRAPE = {"job", "instance"}
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression by whose it is, as Grafana would fill it in."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", filled(target["expr"])
    for variable in DASHBOARD["templating"]["list"]:
        if found := re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]):
            yield variable["name"], f"count by ({found[2]}) ({found[1]})"


def filled(expression: str) -> str:
    return expression.replace("$__rate_interval", "5m").replace("$job", ".*")


EXPRESSIONS = dict(expressions())


def selectors(expression: str) -> list[Any]:
    found: list[Any] = []
    promql_parser.walk(promql_parser.parse(expression), found.append)
    return found


@pytest.fixture(scope="module")
def series(service: ServiceProcess, admin: Api) -> Mapping[str, set[str]]:
    """What a running service can be asked for, by name, with all labels it has shown."""
    admin.organization(admin.industry([admin.module()]))
    found: dict[str, set[str]] = {}

    def told() -> str:
        text = httpx.get(f"{service.url}/metrics").text
        return text if "modplane_consumer_lag_records{" in text else ""

    for family in text_string_to_metric_families(wait_for(told, "a look at all queues", 40)):
        labels = {name for sample in family.samples for name in sample.labels}
        for ending in PARTS.get(family.type, ("",)):
            name = family.name if family.name.endswith(ending) and ending else family.name + ending
            found[name] = labels | OF_THE_SCRAPE
    return found


@pytest.mark.parametrize("whose", EXPRESSIONS)
def test_an_expression_is_one_and_asks_for_what_there_is(series: Mapping[str, set[str]], whose: str) -> None:
    nodes = selectors(EXPRESSIONS[whose])
    asked = [node for node in nodes if isinstance(node, promql_parser.VectorSelector)]
    assert asked
    known = set[str]()
    for node in asked:
        name = str(node.name)
        assert name in series
        assert {matcher.name for matcher in node.matchers.matchers} <= series[name]
        known |= series[name]
    for node in nodes:
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            assert set(node.modifier.labels) <= known


def test_rules_are_of_prometheus_s_form() -> None:
    names = [rule["alert"] for rule in RULES]
    assert sorted(set(names)) == sorted(names)
    assert len({group["name"] for group in GROUPS}) == len(GROUPS)
    for group in GROUPS:
        assert group.keys() == {"name", "rules"}
    for rule in RULES:
        assert rule.keys() - {"for"} == {"alert", "expr", "labels", "annotations"}, rule
        assert DURATION.match(rule.get("for", "1m")), rule
        assert rule["labels"].keys() == {"severity"}
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_summary_names_only_labels_that_the_alert_has(rule: dict[str, Any]) -> None:
    told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    expression = promql_parser.parse(rule["expr"])
    grouped = isinstance(expression, promql_parser.BinaryExpr) and " by (" in rule["expr"]
    if grouped:
        told -= set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", rule["expr"]))))
    assert told <= {"instance", "pool"}


def test_every_alert_has_its_section_and_no_section_is_of_none() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    sections = dict(re.findall(r"^### (Modplane\w+)\n(.+?)(?=\n#|\Z)", page, re.MULTILINE | re.DOTALL))
    assert sorted(sections) == sorted(rule["alert"] for rule in RULES)
    assert [name for name, text in sections.items() if len(text.split()) < 10] == []


def test_the_dashboard_is_of_grafana_s_form() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert sorted(set(ids)) == sorted(ids)
    titles = [panel["title"] for panel in PANELS]
    assert sorted(set(titles)) == sorted(titles)
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    for panel in PANELS:
        letters = [target["refId"] for target in panel["targets"]]
        assert sorted(set(letters)) == sorted(letters)
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["fieldConfig"]["defaults"]["unit"]
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD["panels"]))) <= variables | {"__rate_interval"}


def test_no_panel_lies_on_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert all(x < 24 for x, _ in cells)
        taken |= cells
