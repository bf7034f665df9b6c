"""The event log: pages, export, live streams, and audit events."""
