"""How committed events reach Kafka."""
