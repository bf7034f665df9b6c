"""Logs: one JSON object a line on stderr. Tracebacks name no values, for values may be secrets."""

import logging
import sys

import structlog


def configure_logs(level: int = logging.INFO) -> None:
    """Sets up structlog, and keeps the Kafka client from reporting an outage ten times a second."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING)
    for name in ("aiokafka", "faststream"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.WARNING)
