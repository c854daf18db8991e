"""What happened at the school before the story: read from `history.toml`, and told to the hub through its channels."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from scrm.core.price_book import CHINA
from scrm.simulate import archive, contacts, kf, setup
from scrm.simulate.commands import (
    AddContact,
    AddCustomer,
    AnswerInKf,
    ArchiveMessage,
    ContactTag,
    SayInKf,
    SetKfSession,
)
from scrm.simulate.wecom import SimulatedWeCom

BEGAN_BEFORE = timedelta(days=2, hours=23)
"""WeChat customer service keeps messages for three days, so nothing of the history is older."""
_WHEN = re.compile(r"(?:(?P<days>[12])d (?P<hour>\d\d):(?P<minute>\d\d)|(?P<minutes>\d+)m)")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contact(_Part):
    """The customer became a member's contact."""

    at: str
    rep: str
    remark: str
    description: str = ""
    tags: tuple[str, ...] = ()


class Said(_Part):
    """A message; `by` is a member's userid, empty for the customer. `with` names the member of an archived chat."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=lambda name: name.rstrip("_"))

    at: str
    on: Literal["kf", "archive"]
    by: str = ""
    with_: str = ""
    text: str


class CallRow(_Part):
    """A line of the call log that is imported."""

    at: str
    direction: str
    agent: str
    talk_s: int
    summary: str
    transcript: str


class Person(_Part):
    """A customer and what happened so far. `unread`: nobody has looked yet."""

    key: str
    name: str
    mobile: str
    unread: bool = False
    contact: Contact | None = None
    said: tuple[Said, ...] = ()
    call: tuple[CallRow, ...] = ()

    @property
    def external_userid(self) -> str:
        """An id of the provider's form: `wm` and 30 letters."""
        return f"wmQiming{self.key}".ljust(32, "A")


class WebVisitor(_Part):
    """Somebody who is on the web page; an empty `answer` is still to come."""

    page: str
    text: str
    answer: str


class History(_Part):
    customer: tuple[Person, ...]
    visitor: tuple[WebVisitor, ...]

    def person(self, key: str) -> Person:
        return next(person for person in self.customer if person.key == key)

    @property
    def of_wecom(self) -> tuple[Person, ...]:
        """Those who are known at WeChat Work; the others have only called."""
        return tuple(person for person in self.customer if person.contact is not None)


def read_history() -> History:
    text = files("scrm.simulate.demo").joinpath("history.toml").read_text("utf-8")
    return History.model_validate(tomllib.loads(text))


def moment(written: str, now: datetime) -> datetime:
    """`2d 19:30`: two days before `now` at 19:30 in China; `35m`: 35 minutes before `now`."""
    match = _WHEN.fullmatch(written)
    if match is None:
        raise ValueError(f"{written!r} is neither like '2d 19:30' nor like '35m'")
    if match["minutes"]:
        return now - timedelta(minutes=int(match["minutes"]))
    day = now.astimezone(CHINA) - timedelta(days=int(match["days"]))
    return day.replace(hour=int(match["hour"]), minute=int(match["minute"]), second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class _Happening:
    at: datetime
    happen: Callable[[], object]


def live_through(sim: SimulatedWeCom, history: History, now: datetime, *, tell_contacts: bool) -> None:
    """Let the history happen at the simulator, moment by moment, until its clock says `now`.

    Call it before the hub can pull: with the clock between two moments, what it gets would be dated wrongly.
    """
    for person in history.of_wecom:
        setup.add_customer(sim, AddCustomer(external_userid=person.external_userid, name=person.name))
    happenings = [one for person in history.of_wecom for one in _happenings(sim, person, now, tell_contacts)]
    for happening in sorted(happenings, key=lambda one: one.at):
        _advance_to(sim, happening.at)
        happening.happen()
    _advance_to(sim, now)
    for open_kfid in sim.corp().kf_accounts:
        kf.notify(sim, sim.kf_account(open_kfid), "")
    archive.notify(sim, sim.corp())


def call_log(history: History, now: datetime) -> bytes:
    """The calls of the history as the CSV file that a call platform would export."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["通话时间", "客户号码", "客户姓名", "方向", "坐席", "时长(秒)", "结果", "转写", "通话ID", "小结"])
    for person in history.customer:
        for number, call in enumerate(person.call, start=1):
            at = moment(call.at, now).strftime("%Y-%m-%d %H:%M:%S")
            outcome = "已接听" if call.talk_s else "未接"
            rows.writerow(
                [
                    at,
                    person.mobile,
                    person.name,
                    call.direction,
                    call.agent,
                    call.talk_s,
                    outcome,
                    call.transcript,
                    f"log-{person.key}-{number}",
                    call.summary,
                ]
            )
    return file.getvalue().encode("utf-8-sig")


def _happenings(sim: SimulatedWeCom, person: Person, now: datetime, tell_contacts: bool) -> Iterator[_Happening]:
    if person.contact is not None:
        added = _contact(person, person.contact, notify=tell_contacts)
        yield _Happening(moment(person.contact.at, now), lambda: contacts.add(sim, added))
    for number, said in enumerate(person.said, start=1):
        msgid = f"history{person.key}{number}"
        yield _Happening(moment(said.at, now), _message(sim, person, said, msgid))


def _contact(person: Person, contact: Contact, *, notify: bool) -> AddContact:
    return AddContact(
        userid=contact.rep,
        external_userid=person.external_userid,
        remark=contact.remark,
        description=contact.description,
        remark_mobiles=[person.mobile],
        tags=[ContactTag(group_name="客户标签", tag_name=tag) for tag in contact.tags],
        notify=notify,
    )


def _message(sim: SimulatedWeCom, person: Person, said: Said, msgid: str) -> Callable[[], object]:
    customer = person.external_userid
    if said.on == "archive":
        sender, to = (said.by, customer) if said.by else (customer, said.with_)
        order = ArchiveMessage(sender=sender, to=[to], text=said.text, msgid=f"{msgid}_external", notify=False)
        return lambda: archive.add_message(sim, order.model_copy(update={"skip_seq": _gap(sim)}))
    if not said.by:
        asked = SayInKf(external_userid=customer, text=said.text, msgid=msgid, notify=False)
        return lambda: kf.customer_says(sim, asked)
    answer = AnswerInKf(servicer_userid=said.by, external_userid=customer, text=said.text, msgid=msgid, notify=False)
    return lambda: _answer_in_kf(sim, answer)


def _answer_in_kf(sim: SimulatedWeCom, answer: AnswerInKf) -> None:
    """The servicer answers and hands the conversation back, so that the hub may write into it."""
    kf.servicer_answers(sim, answer)
    kf.set_session(sim, SetKfSession(external_userid=answer.external_userid, service_state=0, notify=False))


def _gap(sim: SimulatedWeCom) -> int:
    """Each demo's archive begins above the last one's, for a hub that is kept asks only for what is above."""
    return 0 if sim.corp().archive.records else sim.clock.seconds()


def _advance_to(sim: SimulatedWeCom, at: datetime) -> None:
    sim.clock.advance(max(at - sim.clock.now(), timedelta()))
