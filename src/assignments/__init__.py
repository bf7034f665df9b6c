"""Assignments: which module an organization has, with which config, and why.

Owns all assignments of one organization as one aggregate (key: organization_id): modules with the organization's
config layer and their sources, the configs kept from removed assignments, the templates applied, in order.
Publishes tenant.module.assigned, .unassigned, .bulk_assigned, .config_updated and tenant.industry.applied.
Consumes, as facts, the state of organizations, registry modules and industry templates; as an event, an
organization's registration, which leads to its industry's template being applied.
"""
