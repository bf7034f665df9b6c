"""Users, sign-in, tokens, and owners of organizations that are being signed up. Owns the schema `access`.

The one context outside Kafka: it writes its tables directly, so that no password, hash or key ever enters a command, an
event, an operation or a log. Its events go to the event log, and to no topic.
"""
