"""Assignments: which modules an organization has, with which config, and why.

One aggregate per organization (key: organization_id): its modules with their sources and the organization's config
layer, the configs kept from removed assignments, and the applied templates in order.
"""
