"""Owns the organizations: their name, their industry and whether they are suspended.

One aggregate is one organization, keyed by `organization_id`. Born by a signup, which is refused whole or applied
whole: the owner's account is activated in the same transaction, the industry's modules follow as a command of
assignments with the template version pinned here.
Publishes `tenant.organization.registered`, `.updated`, `.suspended` and `.reactivated`.
Consumes `tenant.industry.applied`, to take over the industry it sets. Asks industries for templates and access for
the owners that wait for their organization.
"""
