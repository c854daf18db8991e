"""What the task table promises, on both databases: nothing twice at once, everything in order per key."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from scrm.core.errors import NotFound
from scrm.store.database import Database
from scrm.store.tasks import LEASE, LeaseLost, NewTask, Task
from tests.conftest import Clock, Place

KIND = "read_inbox"


@pytest.fixture
async def db(place: Place, clock: Clock) -> AsyncIterator[Database]:
    opened = await another(place, clock)
    yield opened
    await opened.close()


async def another(place: Place, clock: Clock) -> Database:
    """The same database as another process has it open."""

    async def wake(_topics: frozenset[str]) -> None: ...

    opened = Database(place.database_url, now=clock, wake=wake)
    await opened.open()
    return opened


async def add(db: Database, *keys: str, kind: str = KIND, once: str | None = None) -> None:
    """One task per key, in order; `ref` counts up within the call."""
    async with db.transaction() as tx:
        await tx.tasks.add([NewTask(kind=kind, key=key, ref=n, once=once) for n, key in enumerate(keys)])


async def claim(db: Database, lease: str, *, limit: int = 256, kinds: Sequence[str] = (KIND,)) -> list[Task]:
    async with db.transaction() as tx:
        return await tx.tasks.claim(kinds, lease=lease, limit=limit)


async def finish(db: Database, tasks: Sequence[Task]) -> None:
    async with db.transaction() as tx:
        await tx.tasks.finish(tasks)


async def retry(db: Database, task: Task, **after: float) -> None:
    async with db.transaction() as tx:
        await tx.tasks.retry(task, after=timedelta(**after), reason="the provider is away")


def shown(tasks: Sequence[Task]) -> list[tuple[str, int]]:
    return [(task.key, task.ref) for task in tasks]


async def test_the_runs_of_several_keys_are_claimed_whole_and_in_order(db: Database) -> None:
    await add(db, "a", "b", "a", "b", "a")

    claimed = await claim(db, "one")

    assert shown(claimed) == [("a", 0), ("b", 1), ("a", 2), ("b", 3), ("a", 4)]
    assert {task.attempts for task in claimed} == {1}


async def test_a_claim_that_takes_part_of_a_run_takes_its_beginning_and_holds_the_rest(db: Database) -> None:
    await add(db, "a", "a", "a")

    first = await claim(db, "one", limit=2)
    meanwhile = await claim(db, "two")
    await finish(db, first)

    assert shown(first) == [("a", 0), ("a", 1)]
    assert meanwhile == []
    assert shown(await claim(db, "two")) == [("a", 2)]


async def test_a_task_waits_while_an_earlier_one_of_its_key_is_held_by_another(db: Database) -> None:
    await add(db, "a")
    held = await claim(db, "one")
    await add(db, "a", "b")

    assert shown(await claim(db, "two")) == [("b", 1)]

    await finish(db, held)
    assert shown(await claim(db, "two")) == [("a", 0)]


async def test_a_task_waits_behind_an_earlier_one_that_is_tried_again_later(db: Database, clock: Clock) -> None:
    await add(db, "a", "a")
    first, second = await claim(db, "one")
    await retry(db, first, seconds=60)
    async with db.transaction() as tx:
        await tx.tasks.release([second])

    assert await claim(db, "two") == []

    clock.advance(seconds=61)
    assert [(task.ref, task.attempts) for task in await claim(db, "two")] == [(0, 2), (1, 1)]


async def test_a_task_promised_after_a_retry_fell_due_does_not_overtake_the_older_ones(
    db: Database, clock: Clock
) -> None:
    await add(db, "a", "a")
    first, second = await claim(db, "one")
    await retry(db, first, seconds=60)
    async with db.transaction() as tx:
        await tx.tasks.release([second])
    clock.advance(seconds=90)
    async with db.transaction() as tx:
        await tx.tasks.add([NewTask(kind=KIND, key="a", ref=2)])

    assert [task.ref for task in await claim(db, "two")] == [0, 1, 2]


async def test_a_task_promised_for_later_keeps_nobody_waiting_until_it_is_due(db: Database, clock: Clock) -> None:
    async with db.transaction() as tx:
        await tx.tasks.add([NewTask(kind=KIND, key="a", ref=0, due_at=clock.at + timedelta(seconds=60))])
        await tx.tasks.add([NewTask(kind=KIND, key="a", ref=1)])

    now = await claim(db, "one")
    await finish(db, now)
    clock.advance(seconds=61)

    assert [task.ref for task in now] == [1]
    assert [task.ref for task in await claim(db, "two")] == [0]


async def test_tasks_of_different_kinds_do_not_wait_for_each_other(db: Database) -> None:
    await add(db, "a", kind="deliver_message")
    await claim(db, "one", kinds=["deliver_message"])
    await add(db, "a")

    assert shown(await claim(db, "two", kinds=["deliver_message", KIND])) == [("a", 0)]


async def test_a_lease_that_ran_out_is_taken_over_and_its_first_holder_may_not_finish(
    db: Database, clock: Clock
) -> None:
    await add(db, "a")
    lost = await claim(db, "one")
    clock.advance(seconds=LEASE.total_seconds() + 1)
    taken_over = await claim(db, "two")

    async def store_and_finish() -> None:
        async with db.transaction() as tx:
            await tx.tasks.add([NewTask(kind=KIND, key="effect")])
            await tx.tasks.finish(lost)

    with pytest.raises(LeaseLost):
        await store_and_finish()
    assert [(task.key, task.attempts) for task in taken_over] == [("a", 2)]
    assert await claim(db, "three") == []  # the effect went with the refused transaction
    await finish(db, taken_over)


async def test_a_batch_of_which_one_task_was_taken_over_may_not_finish_the_others(db: Database, clock: Clock) -> None:
    await add(db, "a", "b")
    lost = await claim(db, "one")
    clock.advance(seconds=LEASE.total_seconds() + 1)
    await claim(db, "two", limit=1)

    with pytest.raises(LeaseLost):
        await finish(db, lost)


async def test_a_renewed_lease_is_not_taken_over(db: Database, clock: Clock) -> None:
    await add(db, "a")
    held = await claim(db, "one")
    clock.advance(seconds=20)
    async with db.transaction() as tx:
        await tx.tasks.renew("one")
    clock.advance(seconds=20)

    assert await claim(db, "two") == []
    await finish(db, held)


async def test_a_buried_task_frees_its_key_and_can_be_replayed(db: Database) -> None:
    await add(db, "a", "a")
    culprit, neighbour = await claim(db, "one")
    async with db.transaction() as tx:
        await tx.tasks.bury(culprit, "ValueError: cannot be stored")
        await tx.tasks.release([neighbour])

    running = await claim(db, "two")
    async with db.reading() as tx:
        (dead,) = await tx.tasks.dead()
    async with db.transaction() as tx:
        await tx.tasks.replay(dead.id)
    meanwhile = await claim(db, "three")
    await finish(db, running)

    assert shown(running) == [("a", 1)]
    assert (dead.id, dead.reason) == (culprit.id, "ValueError: cannot be stored")
    assert meanwhile == []  # one worker at a time, also for what comes back from the dead
    assert [(task.ref, task.attempts) for task in await claim(db, "three")] == [(0, 1)]


async def test_only_a_dead_task_can_be_replayed(db: Database) -> None:
    await add(db, "a")
    (alive,) = await claim(db, "one")

    async def replay() -> None:
        async with db.transaction() as tx:
            await tx.tasks.replay(alive.id)

    with pytest.raises(NotFound):
        await replay()


async def test_giving_tasks_back_untried_costs_them_no_attempt(db: Database) -> None:
    await add(db, "a")
    async with db.transaction() as tx:
        await tx.tasks.release(await tx.tasks.claim([KIND], lease="one"))

    assert [task.attempts for task in await claim(db, "two")] == [1]


async def test_a_task_promised_once_is_not_promised_again_while_it_is_open(db: Database) -> None:
    await add(db, "a", once="reconcile")
    await add(db, "a", once="reconcile")
    claimed = await claim(db, "one")
    await add(db, "a", once="reconcile")
    await finish(db, claimed)

    assert len(claimed) == 1
    assert await claim(db, "two") == []
    await add(db, "a", once="reconcile")
    assert len(await claim(db, "two")) == 1


async def test_a_buried_task_does_not_keep_its_promise_from_being_made_again(db: Database) -> None:
    await add(db, "a", once="reconcile")
    (culprit,) = await claim(db, "one")
    async with db.transaction() as tx:
        await tx.tasks.bury(culprit, "no")

    await add(db, "a", once="reconcile")

    assert len(await claim(db, "two")) == 1
    async with db.transaction() as tx:
        await tx.tasks.replay(culprit.id)
    async with db.reading() as tx:
        assert (await tx.tasks.waiting())[0] == 1


async def test_only_what_is_due_counts_as_waiting(db: Database, clock: Clock) -> None:
    await add(db, "a", "b", "c")
    first, second, _ = await claim(db, "one")
    await retry(db, first, seconds=60)
    async with db.transaction() as tx:
        await tx.tasks.bury(second, "no")

    async with db.reading() as tx:
        assert (await tx.tasks.waiting())[0] == 0
        assert await tx.tasks.due_kinds() == frozenset()
    clock.advance(seconds=61)
    async with db.reading() as tx:
        assert (await tx.tasks.waiting())[0] == 2
        assert await tx.tasks.due_kinds() == {KIND}


async def test_what_a_dead_process_held_is_taken_over_at_once(db: Database, place: Place, clock: Clock) -> None:
    dead = await another(place, clock)
    await dead.alive.show()
    await add(db, "a", "b")
    held = await claim(dead, dead.alive.new_lease())
    await dead.close()

    await db.alive.show()
    async with db.transaction() as tx:
        await tx.tasks.take_over(db.alive.number)

    assert shown(await claim(db, db.alive.new_lease())) == shown(held)


async def test_nobody_takes_over_what_it_holds_itself(db: Database) -> None:
    await db.alive.show()
    await add(db, "a")
    await claim(db, db.alive.new_lease())

    async with db.transaction() as tx:
        await tx.tasks.take_over(db.alive.number)

    assert await claim(db, db.alive.new_lease()) == []


@pytest.mark.server
async def test_what_a_living_process_holds_is_left_to_it(db: Database, place: Place, clock: Clock) -> None:
    if db.is_sqlite:
        pytest.skip("one process works on a SQLite file")
    other = await another(place, clock)
    await other.alive.show()
    await other.alive.show()
    await add(db, "a")
    await claim(other, other.alive.new_lease())

    async with db.transaction() as tx:
        await tx.tasks.take_over(db.alive.number)

    assert await claim(db, db.alive.new_lease()) == []
    await other.close()


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_every_key_is_worked_off_in_order(db: Database, clock: Clock, seed: int) -> None:
    """The assertions are in `Story.claim`."""
    story = Story(db, random.Random(seed))
    for _ in range(120):
        step = story.lot.choice([story.promise, story.claim, story.settle])
        await step()
        clock.advance(seconds=0.2 * story.lot.randint(0, 1))  # in all far below what would end a lease


class Story:
    """Random promises, claims and outcomes, beside what should be open: refs by key, in order."""

    def __init__(self, db: Database, lot: random.Random) -> None:
        self.lot = lot
        self._db = db
        self._open: dict[str, list[int]] = defaultdict(list)
        self._held: list[list[Task]] = []
        self._count = 0

    async def promise(self) -> None:
        keys = self.lot.choices("abcd", k=self.lot.randint(1, 6))
        fresh = [NewTask(kind=KIND, key=key, ref=self._count + n) for n, key in enumerate(keys)]
        self._count += len(fresh)
        for task in fresh:
            self._open[task.key].append(task.ref)
        async with self._db.transaction() as tx:
            await tx.tasks.add(fresh)

    async def claim(self) -> None:
        self._count += 1
        tasks = await claim(self._db, f"lease {self._count}", limit=self.lot.randint(1, 8))
        held = {task.key for batch in self._held for task in batch}
        assert not held & {task.key for task in tasks}
        for key in {task.key for task in tasks}:
            refs = [task.ref for task in tasks if task.key == key]
            assert refs == self._open[key][: len(refs)]
        self._held.append(tasks)

    async def settle(self) -> None:
        """Of some batch: what stands before a place is done, the task there fails, the rest is given back."""
        if not self._held:
            return
        batch = self._held.pop(self.lot.randrange(len(self._held)))
        place = self.lot.randint(0, len(batch))
        gone = batch[:place]
        async with self._db.transaction() as tx:
            await tx.tasks.finish(batch[:place])
            for task in batch[place : place + 1]:
                if self.lot.random() < 0.2:
                    await tx.tasks.bury(task, "no")
                    gone = [*gone, task]
                else:
                    await tx.tasks.retry(task, after=timedelta(seconds=self.lot.randint(1, 9)), reason="later")
            await tx.tasks.release(batch[place + 1 :])
        for task in gone:
            self._open[task.key].remove(task.ref)


@pytest.mark.server
async def test_claimers_side_by_side_never_hold_the_same_key(db: Database) -> None:
    if db.is_sqlite:
        pytest.skip("writers of SQLite queue")
    lot = random.Random(1)
    keys = [f"key {n}" for n in range(12)]
    running: set[str] = set()
    order: dict[str, list[int]] = defaultdict(list)
    promised: dict[str, list[int]] = defaultdict(list)

    async def promise() -> None:
        for round_ in range(40):
            fresh = [NewTask(kind=KIND, key=lot.choice(keys), ref=round_ * 20 + n) for n in range(20)]
            for task in fresh:
                promised[task.key].append(task.ref)
            async with db.transaction() as tx:
                await tx.tasks.add(fresh)
            await asyncio.sleep(0.002)

    async def work(name: int) -> None:
        turn = 0
        while sum(map(len, order.values())) < 800:
            turn += 1
            tasks = await claim(db, f"{name}.{turn}", limit=lot.randint(1, 30))
            own = {task.key for task in tasks}
            assert not own & running
            running.update(own)
            await asyncio.sleep(0.001)
            for task in tasks:
                order[task.key].append(task.ref)
            running.difference_update(own)
            await finish(db, tasks)

    async with asyncio.TaskGroup() as group:
        group.create_task(promise())
        for name in range(4):
            group.create_task(work(name))

    assert order == promised
