"""`scrm`: the hub's command line. Each command is loaded when it is called, so that small ones start at once."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

from scrm import __version__
from scrm.core.errors import ScrmError

_COMMANDS: Mapping[str, str] = {
    "serve": "scrm.cli.serve",
    "worker": "scrm.cli.serve",
    "migrate": "scrm.cli.operate",
    "import": "scrm.cli.operate",
    "user": "scrm.cli.operate",
    "connectors": "scrm.cli.operate",
    "openapi": "scrm.cli.operate",
    "settings": "scrm.cli.operate",
    "prices": "scrm.cli.prices",
    "scripts": "scrm.cli.scripts",
    "quotes": "scrm.cli.quotes",
    "check": "scrm.cli.quotes",
    "tag": "scrm.cli.tag",
    "train": "scrm.cli.train",
    "suggest": "scrm.cli.scripts",
    "audit": "scrm.cli.audit",
    "simulate": "scrm.cli.simulate",
}
"""Command → the module that has it, under its own name."""


class Commands(click.Group):
    """Finds a command's module when the command is asked for; an expected error becomes one clear line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        module = _COMMANDS.get(name)
        if module is None:
            return None
        found = getattr(import_module(module), _ATTRIBUTES.get(name, name))
        assert isinstance(found, click.Command)
        return found

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ScrmError as error:
            raise click.ClickException(str(error)) from error


_ATTRIBUTES = {"import": "import_file", "settings": "show_settings"}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="scrm")
def main() -> None:
    """SCRM 客户沟通中台:把每个渠道的消息汇到同一条客户时间线上,听懂、答好,并在错误的价格发出之前提醒。"""
