"""The Idempotency-Key of this context's writes, which send no command."""

from access.ports import KeyedWrite
from shared.adapters.http import AnyRequest, caller_of
from shared.adapters.http_commands import fingerprint, operation_id_for
from shared.adapters.http_parameters import idempotency_key


async def keyed_write(request: AnyRequest) -> KeyedWrite | None:
    """The write, if its caller gave it a key. Raises `BadHeader`."""
    key = idempotency_key(request)
    if key is None:
        return None
    operation_id = operation_id_for(request, caller_of(request).user_id, key)
    return KeyedWrite(operation_id, fingerprint(request, await request.body()), key)
