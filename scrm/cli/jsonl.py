"""Reading JSON lines for commands: one bad line costs a message, not the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Generic, TypeVar

import click
from pydantic import BaseModel, ConfigDict, ValidationError

from scrm.core.timeline import Speaker

SOME_LINES_WERE_BAD = 2
"""The exit code when lines could not be read and the others were processed."""

Line = TypeVar("Line", bound=BaseModel)


class UtteranceLine(BaseModel):
    """`{"id", "text", "speaker"}`; further keys are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str | int
    text: str
    speaker: Speaker = Speaker.CUSTOMER
    channel: str = ""


class Lines(Generic[Line]):
    """The lines of a file as models. Bad ones are told on stderr, with their number, and counted."""

    def __init__(self, stream: BinaryIO, model: type[Line]) -> None:
        self._stream = stream
        self._model = model
        self.bad = 0

    def __iter__(self) -> Iterator[Line]:
        for number, line in enumerate(self._stream, start=1):
            if not line.strip():
                continue
            try:
                yield self._model.model_validate_json(line.removeprefix(b"\xef\xbb\xbf"))
            except ValidationError as error:
                self.bad += 1
                click.echo(f"第 {number} 行读不了：{_reason(error)}", err=True)

    def finish(self) -> None:
        """End the command with `SOME_LINES_WERE_BAD` when there were bad lines."""
        if self.bad:
            raise click.exceptions.Exit(SOME_LINES_WERE_BAD)


def batches(lines: Iterable[Line], size: int = 1000) -> Iterator[list[Line]]:
    """The lines in lists of at most `size`."""
    batch: list[Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _reason(error: ValidationError) -> str:
    complaints = [
        f"{'.'.join(map(str, complaint['loc'])) or '整行'}：{_IN_CHINESE.get(complaint['type'], complaint['msg'])}"
        for complaint in error.errors()
    ]
    return "；".join(dict.fromkeys(complaints))


_IN_CHINESE = {
    "missing": "缺少这一项",
    "json_invalid": "不是正确的 JSON（要用 UTF-8 编码）",
    "string_type": "应为文字",
    "enum": f"应为 {'、'.join(Speaker)} 之一",
    "model_type": '应为 {"id", "text", "speaker"} 这样的对象',
}
