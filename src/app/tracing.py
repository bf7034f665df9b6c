"""Trace requests where the standard variables name an endpoint, and nowhere else."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from dishka import Provider, Scope, decorate, provide

from app.infrastructure import Processors
from shared.telemetry.tracing import NO_TRACING, Tracing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def is_configured(environment: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's own variables name an OTLP endpoint, and switch neither the SDK nor the exporter off."""
    named = any(environment.get(name) for name in ENDPOINTS)
    exporter = environment.get("OTEL_TRACES_EXPORTER") or "otlp"
    return named and exporter == "otlp" and environment.get("OTEL_SDK_DISABLED", "").lower() != "true"


def log_processors() -> Sequence[Any]:
    if not is_configured(os.environ):
        return ()
    return (import_module("shared.telemetry.otel").add_trace_id,)


class TracingProvider(Provider):
    """One tracer a process, closed with the container: what it has not sent yet is sent."""

    scope = Scope.APP

    @provide
    async def tracing(self) -> AsyncIterator[Tracing]:
        if not is_configured(os.environ):
            yield NO_TRACING
            return
        tracing: Any = import_module("shared.telemetry.otel").OtelTracing()
        yield tracing
        await tracing.close()

    @decorate
    def processors(self, processors: Processors, tracing: Tracing) -> Processors:
        for processor in processors.values():
            processor.tracing = tracing
        return processors
