"""Industry templates: which modules an industry gets, in which order, in numbered versions.

One aggregate is one template (key: industry_code). A published version never changes: a changed module list publishes
the next one, also when a deleted code is created again.
"""
