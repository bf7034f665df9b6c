"""Whether requests are followed: where the standard variables name an endpoint, and nowhere else."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from dishka import Provider, Scope, decorate, provide

from app.infrastructure import Processors
from shared.telemetry.tracing import NO_TRACING, Tracing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def asked_for(environment: Mapping[str, str]) -> bool:
    """By OpenTelemetry's own variables: an OTLP endpoint, and neither the SDK nor this exporter switched off."""
    named = any(environment.get(name) for name in ENDPOINTS)
    exporter = environment.get("OTEL_TRACES_EXPORTER") or "otlp"
    return named and exporter == "otlp" and environment.get("OTEL_SDK_DISABLED", "").lower() != "true"


def log_processors() -> Sequence[Any]:
    """What adds the trace to a line of the log, where there are traces."""
    if not asked_for(os.environ):
        return ()
    return (import_module("shared.telemetry.otel").add_trace_id,)


class TracingProvider(Provider):
    """One tracer a process, closed with the container: what it has not sent yet is sent."""

    scope = Scope.APP

    @provide
    async def tracing(self) -> AsyncIterator[Tracing]:
        """Loads OpenTelemetry only if it is asked for."""
        if not asked_for(os.environ):
            yield NO_TRACING
            return
        tracing: Any = import_module("shared.telemetry.otel").OtelTracing()
        yield tracing
        await tracing.close()

    @decorate
    def processors(self, processors: Processors, tracing: Tracing) -> Processors:
        """They tell their stages."""
        for processor in processors.values():
            processor.tracing = tracing
        return processors
