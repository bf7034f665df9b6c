"""The system's status: servers, queues, consumers and replicas."""
