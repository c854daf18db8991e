"""Which function does which kind of task, and in which lane. Lanes run side by side, one batch at a time each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from scrm.hub import Hub
from scrm.services import audit
from scrm.services.dry_runs import DRY_RUN, run_dry_runs
from scrm.services.housekeeping import RECONCILE, REPORT_OVERDUE, reconcile_channels, report_overdue
from scrm.services.imports import RUN_IMPORT, run_imports
from scrm.services.intake import PULL_CHANNEL, READ_INBOX, pull_channel, read_inbox
from scrm.services.outbound import DELIVER_MESSAGE, deliver_messages
from scrm.services.sampling import DRAW_SAMPLE, draw_samples
from scrm.services.waiting import FIND_WAITING, find_waiting
from scrm.services.webhooks import deliver_webhooks
from scrm.store.tasks import Task
from scrm.store.webhooks import DELIVER

Handler = Callable[[Hub, Sequence[Task]], Awaitable[None]]

TASKS: Mapping[str, Handler] = {
    READ_INBOX: read_inbox,
    PULL_CHANNEL: pull_channel,
    DELIVER_MESSAGE: deliver_messages,
    DELIVER: deliver_webhooks,
    RUN_IMPORT: run_imports,
    DRY_RUN: run_dry_runs,
    RECONCILE: reconcile_channels,
    REPORT_OVERDUE: report_overdue,
    DRAW_SAMPLE: draw_samples,
    FIND_WAITING: find_waiting,
    audit.CHECKPOINT: audit.make_checkpoints,
    audit.VERIFY: audit.verify_nightly,
}

LANES: tuple[tuple[str, ...], ...] = (
    (READ_INBOX,),
    (DELIVER_MESSAGE, PULL_CHANNEL, RECONCILE),
    (DELIVER,),
    (RUN_IMPORT,),
    (DRY_RUN,),
    (audit.CHECKPOINT, audit.VERIFY),
    (REPORT_OVERDUE, DRAW_SAMPLE, FIND_WAITING),
)
"""A slow provider, a slow endpoint or a long import never keeps events from their timelines."""
