"""The Idempotency-Key of this context's writes, which send no command."""

import msgspec

from access.ports import KeyedWrite
from shared.commands.http import fingerprint, operation_id_for
from shared.http.authentication import caller_of
from shared.http.bodies import AnyRequest
from shared.http.parameters import idempotency_key


async def keyed_write(request: AnyRequest) -> KeyedWrite | None:
    """The write, if its caller gave it a key. Raises `BadHeader`."""
    key = idempotency_key(request)
    if key is None:
        return None
    operation_id = operation_id_for(request, caller_of(request).user_id, key)
    body = await request.body()
    meaning = (msgspec.json.decode(body) if body else None, sorted(request.query_params.multi_items()))
    return KeyedWrite(operation_id, fingerprint(request, meaning), key)
