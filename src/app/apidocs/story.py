"""Whom and what the examples tell of: a bakery, its software and an operator who looks after it."""

from collections.abc import Mapping
from typing import Any

ORGANIZATION = "0193a4c2-7d1e-7c3a-9b1f-5e2d8c4a6f10"
PERSON = "0193a4c2-7d1e-7f52-8a64-1c9e0b7d3a55"
OPERATION = "6f1c2b9e-3d57-5a8e-9c41-2b7f0d6e8a13"
TOKEN = "0193a4d0-11aa-7e0b-b3c7-9d2f4e6a8b01"  # noqa: S105 - an id
CURSOR = "WyJDcnVtYiAmIENydXN0IiwiMDE5M2E0YzItN2QxZSJd.k3J9sQ2vTz0"
MODULE, OTHER_MODULE, INDUSTRY = "field_service", "oven_monitoring", "bakery"

CONFIG, PLACE = {"dispatch": {"radius_km": 40}}, "184467-4711"

LETTER_ID = "5d0c8f0e-64f2-5c1b-8a3a-0b9e6f2d7c41"
LETTER: Mapping[str, Any] = {
    "id": LETTER_ID,
    "kind": "command",
    "status": "open",
    "source": "assignments",
    "key": ORGANIZATION,
    "subject_id": OPERATION,
    "error": "CheckViolationError('new row violates check constraint')",
    "retries": 1,
    "handled_at": "2026-11-23T09:41:07Z",
    "handled_by": PERSON,
    "reason": "the constraint is gone",
}
STATUS_PARTS: Mapping[str, Mapping[str, Any]] = {
    "SystemStatus": {"state": "ok", "answered_by": "api-1"},
    "PostgresStatus": {"state": "ok", "since": None, "answer_ms": 0.8, "version": "18.4"},
    "ServerStatus": {"state": "ok", "since": None, "answer_ms": 0.8, "version": "8.2"}
    | {"replicas": 2, "replicas_without": 0},
    "RelayStatus": {"state": "ok", "code": "publishing", "since": None, "waiting": 0, "oldest_seconds": 0.0}
    | {"leader": "worker-1"},
    "ConsumersStatus": {"state": "ok", "code": "behind", "since": None, "lag": 3},
    "GroupStatus": {"group": "modplane.assignments.commands", "members": 2, "lag": 3},
    "TopicLag": {"topic": "tenant.commands.assignments", "lag": 3},
    "DeadLettersStatus": {"state": "ok", "code": "none_open", "since": None},
    "OpenLetters": {"command": 0, "event": 0, "relay": 0},
    "OperationsStatus": {"state": "ok", "code": "none_pending", "since": None, "pending": 0}
    | {"oldest_pending_seconds": 0.0, "waiting_requests": 2},
    "CacheStatus": {"state": "ok", "since": None, "hit_ratio": 0.98, "hits": 980, "misses": 20, "bypasses": 0},
    "ReplicasStatus": {"state": "ok", "code": "running", "since": None},
    "ReplicaStatus": {"name": "worker-1", "role": "worker", "version": "1.0.0", "state": "running"},
    "DriftStatus": {"state": "ok", "code": "different", "since": None, "unlisted": [MODULE], "unregistered": []},
}
USAGE: Mapping[str, Mapping[str, Any]] = {
    "ModulesUsage": {"since": "2026-10-25"},
    "ModuleUsage": {"organizations": 318, "assigned": [*[0] * 27, 3, 0, 14], "unassigned": [*[0] * 29, 2]},
    "IndustryUsage": {"version": 3, "on_current": 290, "on_older": 28},
    "ModuleIndustryPage": {"count": 1, "required_count": 1, "next_cursor": None},
    "IndustryVersion": {"version": 3, "is_current": True, "organizations": 290},
}
TOLD_OF_ALL: Mapping[str, Mapping[str, Any]] = {**STATUS_PARTS, **USAGE}
"""Structs that tell how all of it is."""

RECORD = '{"operation_id": "6f1c2b9e-3d57-5a8e-9c41-2b7f0d6e8a13", "command": {"type": "assign_module"}}'
