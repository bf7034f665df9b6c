"""The transactional outbox: committed events on their way to Kafka."""
