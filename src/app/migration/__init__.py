"""Schema and topics, brought up to date."""
