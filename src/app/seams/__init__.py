"""The one place where contexts meet: each file answers the ports of one asking context by other contexts' adapters.

Bindings are methods, not `provides=`, so that the type checker compares the adapter with the port.
"""

from app.seams.access import AccessSeams
from app.seams.assignments import AssignmentsSeams
from app.seams.bulk import BulkSeams
from app.seams.commands import CommandSeams
from app.seams.industries import IndustriesSeams
from app.seams.organizations import OrganizationsSeams
from app.seams.registry import RegistrySeams

SEAMS = (
    CommandSeams(),
    RegistrySeams(),
    IndustriesSeams(),
    OrganizationsSeams(),
    AssignmentsSeams(),
    AccessSeams(),
    BulkSeams(),
)
