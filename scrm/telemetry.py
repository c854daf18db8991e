"""Logs and metrics: structlog for people and machines, Prometheus counters for what matters."""

from __future__ import annotations

import logging
import sys

import structlog
from prometheus_client import Counter, Gauge, Histogram

RECEIVED = Counter("scrm_raw_events_received_total", "Raw events taken, new ones.", ["channel"])
REPEATED = Counter("scrm_raw_events_repeated_total", "Raw events that were known already.", ["channel"])
REFUSED = Counter("scrm_callbacks_refused_total", "Callbacks refused.", ["channel", "reason"])
TASKS_DONE = Counter("scrm_tasks_done_total", "Tasks finished.", ["kind"])
TASKS_FAILED = Counter("scrm_tasks_failed_total", "Attempts of tasks that failed.", ["kind"])
TASKS_DEAD = Counter("scrm_tasks_dead_total", "Tasks given up.", ["kind"])
TASKS_WAITING = Gauge("scrm_tasks_waiting", "Tasks that are due and not taken.")
OLDEST_TASK_S = Gauge("scrm_oldest_task_seconds", "Age of the oldest due task.")
BATCH_SECONDS = Histogram("scrm_batch_seconds", "Time of one batch.", ["kind"])
DELIVERIES = Counter("scrm_webhook_attempts_total", "Webhook attempts.", ["outcome"])
LIVE_CONNECTIONS = Gauge("scrm_live_connections", "Open event streams.")


def set_up_logs(form: str, level: str) -> None:
    """Log to stderr, one line per event: readable (`console`) or JSON (`json`)."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        # Plain: local variables hold customers' words and secrets.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if form == "json" else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
