"""Owns the industry templates: which modules an industry gets, in which order, in numbered versions.

One aggregate is one template, keyed by `industry_code`. A published version never changes: only a changed module
list publishes the next one, and a deleted code that comes back goes on counting.
Publishes `tenant.industry.created`, `.updated` and `.deleted` (`tenant.industry.applied` belongs to assignments).
Consumes no event. Asks the registry for modules, and who has applied a template.
"""
