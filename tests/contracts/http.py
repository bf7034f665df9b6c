"""Requests made up from the document, good ones and bad ones, and what is wrong with the answers."""

from collections.abc import Iterator
from typing import Any

import schemathesis
from schemathesis.engine import events, from_schema

from app.apidocs.openapi import described_routes, openapi_document
from app.apidocs.operations import routes_of
from tests.contracts.story import Story

REFUSED_FOR_REASONS = [401, 403, 404, 409, 412, 413, 422, 428, 429]
OPAQUE = {"cursor", "template_version", "template_older_than", "ModplaneReason"}
"""What is right only beside something else: the list that gave it, a template, the same reason in the query."""
ENDLESS = {"streamEvents"}
"""A right request to these has an answer without an end."""
NEED_A_REASON = {"dropDeadLetter"}
"""They take it in the query or in a header; without the header, the query is the only place."""


class Contract:
    """The document, held against the running service, context by context."""

    def __init__(self, url: str, story: Story) -> None:
        self.url, self.story = url, story
        self._document = answerable(openapi_document())
        self._contexts = {route.id: route.context for route in routes_of(described_routes())}

    @property
    def contexts(self) -> set[str]:
        """Those that have a route."""
        return set(self._contexts.values())

    def operations(self, *contexts: str) -> set[str]:
        """The contexts' routes, by operation id."""
        return {name for name, context in self._contexts.items() if context in contexts}

    def findings(self, *contexts: str) -> list[str]:
        """What does not keep to the document, with the request that showed it; nothing, if all is well."""
        schema = schemathesis.openapi.from_dict(self._document, config=self._configuration())
        chosen = schema.include(operation_id=sorted(self.operations(*contexts) - ENDLESS))
        return [told for event in from_schema(chosen).execute() for told in failures(event)]

    def _configuration(self) -> schemathesis.Config:
        return schemathesis.Config.from_dict(
            {
                "base-url": self.url,
                "headers": {"Authorization": f"Bearer {self.story.token()}"},
                "parameters": {"path.organization_id": self.story.organization},
                "continue-on-failure": True,
                "suppress-health-check": ["all"],
                "request-timeout": 20,
                "seed": 1,
                "generation": {"mode": "all", "max-examples": 4, "deterministic": True, "allow-x00": False},
                "phases": {
                    "coverage": {"unexpected-methods": ["PUT"], "generate-duplicate-query-parameters": False},
                    "stateful": {"generation": {"max-examples": 8}},
                },
                "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", *REFUSED_FOR_REASONS]}},
            }
        )


def answerable(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the parameters that nothing in it tells how to make up."""
    for path in document["paths"].values():
        for operation in path.values():
            told = [each for each in operation.get("parameters", []) if name_of(each) not in OPAQUE]
            if operation["operationId"] in NEED_A_REASON:
                reason = {**document["components"]["parameters"]["Reason"], "required": True}
                reason["schema"] = {**reason["schema"], "pattern": r"^\w+$"}
                told = [reason if name_of(each) == "Reason" else each for each in told]
            operation["parameters"] = told
    return document


def name_of(parameter: dict[str, Any]) -> str:
    """Its own name, or that of the component it refers to."""
    return str(parameter.get("name") or parameter["$ref"].rpartition("/")[2])


def failures(event: Any) -> Iterator[str]:
    """What an event of a run tells that is wrong."""
    if isinstance(event, events.NonFatalError | events.FatalError):
        yield repr(event)
    if isinstance(event, events.ScenarioFinished):
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    told = check.failure_info
                    yield f"{event.recorder.label}: {check.name}: {told.failure}\n{told.code_sample}"
