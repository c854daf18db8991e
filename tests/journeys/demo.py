"""A running demo: `scrm serve --demo` as a process of its own, read as a person reads it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

STARTS_WITHIN_S = 40.0
STEP_WITHIN_S = 20.0


@dataclass
class Demo:
    """`lines` is everything it has printed."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def address(self) -> str:
        return self._found(r"工作台\s+(http://\S+)")

    @property
    def receiver(self) -> str:
        return self._found(r"集成方\s+(http://\S+)")

    def password(self, login: str) -> str:
        return self._found(rf"^\s+{login}\s+(\S+)")

    async def says(self, words: str, *, within_s: float = STEP_WITHIN_S) -> None:
        """Return when it has printed these words."""
        try:
            async with asyncio.timeout(within_s), self._news:
                await self._news.wait_for(lambda: words in self.text or self.process.returncode is not None)
        except TimeoutError:
            pass
        assert words in self.text, f"the demo did not say {words!r}; it said:\n{self.text}"

    async def stop(self) -> int:
        """Ctrl-C; the exit status."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(15):
            return await self.process.wait()

    async def listen(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            await self._add(line.decode().rstrip())
        await self.process.wait()
        await self._add("")

    async def _add(self, line: str) -> None:
        async with self._news:
            self.lines.append(line)
            self._news.notify_all()

    def _found(self, pattern: str) -> str:
        match = re.search(pattern, self.text, re.MULTILINE)
        assert match, f"{pattern} is not in:\n{self.text}"
        return match[1]


@asynccontextmanager
async def running_demo(folder: Path, *options: str, until: str = "按 Ctrl+C 结束") -> AsyncIterator[Demo]:
    """The demo on a free port, with its database under `folder`, when it has said `until`. It is ended in the end."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("scrm")),
        "serve",
        "--demo",
        "--port",
        "0",
        *options,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("SCRM_")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    demo = Demo(process)
    listening = asyncio.create_task(demo.listen())
    try:
        await demo.says(until, within_s=STARTS_WITHIN_S)
        yield demo
    except BaseException:
        sys.stderr.write(f"The demo said:\n{demo.text}\n")
        raise
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening
