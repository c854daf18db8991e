"""The JSON of a call, as the sender writes it. Every field and its unit is documented in the README."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _as_text(value: object) -> object:
    # Many call platforms write numbers of telephones and extensions as JSON numbers.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text)]
When = int | float | str | None


class Agent(BaseModel):
    """The company's side of the call. The first field that is filled names the agent on the timeline."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    vendor_id: Text = ""
    ext: Text = ""
    staff_no: Text = ""
    email: Text = ""
    name: Text = ""

    @property
    def actor(self) -> str:
        return self.vendor_id or self.ext or self.staff_no or self.email or self.name


class Recording(BaseModel):
    """Where the sound of the call can be had."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str = Field(pattern=r"^https?://\S+$", max_length=2000)


class Segment(BaseModel):
    """Something one side said."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    side: Literal["agent", "customer"]
    text: str
    begin_ms: int | None = None


class Transcript(BaseModel):
    """What was said. `segments` are read in the order of `begin_ms` where all have one."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    segments: tuple[Segment, ...] = ()

    @property
    def in_order(self) -> list[Segment]:
        begins = [segment.begin_ms for segment in self.segments]
        if any(begin is None for begin in begins):
            return list(self.segments)
        return sorted(self.segments, key=lambda segment: segment.begin_ms or 0)


class CallPayload(BaseModel):
    """One call, complete or as far as it is known by now."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    call_id: Text = Field(min_length=1, max_length=200)
    direction: Text
    customer_number: Text = Field(max_length=40)
    customer_name: str = ""
    agent: Agent = Agent()
    t_start: When
    t_ring: When = None
    t_answer: When = None
    t_end: When = None
    ring_s: float | None = Field(default=None, ge=0)
    talk_s: float | None = Field(default=None, ge=0)
    disposition: Text = ""
    recordings: tuple[Recording, ...] = ()
    transcript: Transcript | str = ""
    summary: str = ""


def read_time(written: When, zone: tzinfo) -> datetime | None:
    """UTC from ISO 8601, or from seconds or milliseconds since 1970. ValueError when it is none of them."""
    if written is None or written == "":
        return None
    try:
        if isinstance(written, str) and not written.strip().isdigit():
            time = datetime.fromisoformat(written.strip())
            return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
        number = float(written)
        # Seconds pass 10^11 in the year 5138.
        return datetime.fromtimestamp(number / 1000 if number >= 1e11 else number, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{written!r} is out of range") from error
