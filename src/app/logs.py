"""Logs: one JSON object a line on stderr, also of libraries. Tracebacks hold no values, which may be secrets."""

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter

LEVELS: Mapping[str, int] = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


def configure_logs(level: int = logging.INFO, more: Sequence[Any] = ()) -> None:
    """Set up structlog and logging, and silence the Kafka client, which reports an outage ten times a second.

    `more` are processors that add to every line.
    """
    adding = [
        structlog.contextvars.merge_contextvars,
        *more,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*adding, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    chain = [*adding, structlog.stdlib.add_logger_name]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(foreign_pre_chain=chain, processors=[ProcessorFormatter.remove_processors_meta, render])
    )
    if not logging.getLogger().handlers:
        logging.basicConfig(level=logging.WARNING, handlers=[handler])
        logging.captureWarnings(capture=True)
    for name in ("aiokafka", "faststream"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.WARNING)
