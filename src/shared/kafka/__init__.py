"""Kafka: the client, subscriptions, and the state of consumer groups."""
