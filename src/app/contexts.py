"""The bounded contexts of this service. Adding one is adding a folder, a migration, and a line here."""

import access.wiring
import assignments.wiring
import bulk.wiring
import industries.wiring
import organizations.wiring
import registry.wiring
from shared.wiring import Context

CONTEXTS: tuple[Context, ...] = (
    registry.wiring.CONTEXT,
    industries.wiring.CONTEXT,
    organizations.wiring.CONTEXT,
    assignments.wiring.CONTEXT,
    access.wiring.CONTEXT,
    bulk.wiring.CONTEXT,
)
