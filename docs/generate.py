"""Writes the pages of docs/ that say what the code says: settings, events, commands. `--check` only compares."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import get_args

import click
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from scrm.bootstrap import CONNECTORS
from scrm.cli import main as scrm
from scrm.core.compliance import PACKS, RULES, RuleInForce, parameters
from scrm.core.events import CATALOGUE, EventType
from scrm.core.texts import ground_text, rule_name
from scrm.settings import ChannelSettings, Settings

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "core" / "events"
_MADE = "<!-- Written by docs/generate.py (`make docs`): change the code it describes, not this page. -->\n\n"

MEANINGS: Mapping[str, str] = {
    "about": "the message, `msg_…`, whose wording is not the logged one; empty where the log itself was changed",
    "actor": "the company's side: a login of the hub, or the provider's id (userid, extension); may be empty",
    "added": "rows that were new",
    "approved_by": "who approved it, null for the price book file",
    "at": "when it happened, by the provider's clock, ISO 8601",
    "automatic": "whether the hub merged by itself, on strong evidence",
    "by": "login of the account that asked for the test",
    "case_id": "the case, `cas_…`",
    "channel": "the channel's name, as in the settings",
    "channel_kind": "the kind of connector",
    "direction": "`inbound`, `outbound` or `internal`, seen from the company",
    "done": "rows read, or customers looked at, so far",
    "dry_run_id": "the dry run, `dry_…`",
    "due_at": "by when it should be judged, null when it is judged",
    "entry_id": "the timeline entry, `msg_…`",
    "household_id": "the household, `hou_…`",
    "how": "how the first bad entry is bad: a kind of the [audit log](audit-log.md#what-a-check-finds)",
    "id": "the customer, `cus_…`",
    "import_id": "the import, `imp_…`",
    "kept_id": "the customer that goes on, `cus_…`",
    "kind": "`message`, `call`, `contact` or `unsupported`",
    "members": "who belongs to it now: customer and role",
    "merge_id": "the merge, `mrg_…`; it can be undone",
    "merged_id": "the customer that was merged into it, `cus_…`",
    "name": "what it is called",
    "note": "the signed checkpoint, word for word",
    "origin": "the name of the log, as its key has it",
    "product": "sku of the product it is about, null when it is about none",
    "reason": "what a person should know about why; may be empty",
    "recorded_by": "who proposed the change; `settings` for the price book file",
    "rejected": "rows that could not be read",
    "remedy": "what was done about a breach, null before it is on file",
    "repeated": "rows that were known already",
    "root": "root of the Merkle tree over the entries, base64",
    "rule": "id of the rule",
    "seq": "number of the first bad entry of the log",
    "severity": "`S1` (sample) to `S4` (at once)",
    "signed_at": "when it was signed, ISO 8601, UTC",
    "size": "entries of the audit log",
    "skus": "the products that have new versions",
    "speaker": "`customer`, `rep`, `agent`, `bot`, `broadcast` or `system`",
    "state": "where it stands now",
    "tags": "labels that the text earned: tag, kind, and the rule that saw it",
    "tell": "whom else to tell: `team_lead`, `compliance_head`",
    "text": "what a person would read; for a call its transcript or summary",
    "total": "rows in the file, or customers to look at",
    "verdict": "the final verdict, null before there is one",
    "what": "`completed`, `edited`, `recalled`, or the state a reply came to; of a household `joined`, `left`, "
    "`renamed` or `role_changed`",
}
"""Payload fields mean the same in every event that has them."""


def pages() -> dict[Path, str]:
    """Every generated page with what it should hold."""
    return {
        ROOT / "docs" / "configuration.md": _MADE + configuration(),
        ROOT / "docs" / "reference" / "events.md": _MADE + events(),
        ROOT / "docs" / "reference" / "cli.md": _MADE + commands(),
        ROOT / "docs" / "reference" / "rules" / "README.md": _MADE + rules(),
    }


# --- settings ----------------------------------------------------------------------------------------------------


def configuration() -> str:
    return _CONFIGURATION.format(
        settings="\n".join(_settings(Settings)),
        channel="\n".join(_rows(ChannelSettings)),
        connectors="\n".join(_connectors()),
        example=(ROOT / "deploy" / "example.toml").read_text("utf-8").strip(),
    )


def _settings(model: type[BaseModel], table: str = "") -> Iterator[str]:
    """Rows of a settings model; those of a table within it by dotted names."""
    for name, field in model.model_fields.items():
        if inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel):
            yield from _settings(field.annotation, f"{table}{name}.")
        else:
            variable = f"SCRM_{table}{name}".upper().replace(".", "__")
            yield f"| `{table}{name}` | `{variable}` | {_default(field)} | {_meaning(field)} |"


def _connectors() -> Iterator[str]:
    for point in sorted(entry_points(group=CONNECTORS), key=lambda point: point.name):
        package = point.value.partition(":")[0]
        if not package.startswith("connectors."):
            continue
        kind = package.removeprefix("connectors.")
        yield f'### `kind = "{point.name}"`'
        yield ""
        yield f"{_summary(import_module(package))} How to set it up: [{kind}](../connectors/{kind}/README.md)."
        yield ""
        yield "| setting | default | meaning |"
        yield "|---|---|---|"
        yield from _rows(settings_of(package))
        yield ""


def _rows(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"| `{name}` | {_default(field)} | {_meaning(field)} |"


def settings_of(package: str) -> type[BaseModel]:
    """The settings model of a connector: the one its `settings` module defines."""
    module = import_module(f"{package}.settings")
    (model,) = (
        found
        for found in vars(module).values()
        if inspect.isclass(found) and issubclass(found, BaseModel) and found.__module__ == module.__name__
    )
    return model


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is PydanticUndefined:
        return "`web`, `calls`"
    if field.default is None or field.default in ("", (), {}, []):
        return "none"
    shown = json.dumps(field.default, ensure_ascii=False, default=str).strip('"').replace("\\\\", "\\")
    return f"`{shown}`"


def _meaning(field: FieldInfo) -> str:
    text = (field.description or "").replace("|", "\\|")
    secret = SecretStr in (field.annotation, *get_args(field.annotation))
    return f"{text} *Secret.*" if secret else text


def _summary(module: object) -> str:
    return (inspect.getdoc(module) or "").splitlines()[0]


# --- rules ---------------------------------------------------------------------------------------------------------


def rules() -> str:
    """The table of rules: name, ground, parameters as they come."""
    return _RULES.format(
        rows="\n".join(
            f"| [{rule.id}]({rule.id}.md) | {pack} | {rule_name(rule.id)} | {rule_name(rule.id, 'en')} "
            f"| {ground_text(rule.ground, 'en')} | {_parameters(rule)} |"
            for rule in RULES
            for pack, ids in PACKS.items()
            if rule.id in ids
        )
    )


def _parameters(rule: RuleInForce) -> str:
    shown = {name: value for name, value in parameters(rule.rule).items() if value != "0001-01-01"}
    shown = {name: value for name, value in shown.items() if not isinstance(value, dict)}
    return ", ".join(f"`{name} = {json.dumps(value, ensure_ascii=False)}`" for name, value in shown.items())


# --- events ------------------------------------------------------------------------------------------------------


def events() -> str:
    public = [event for event in CATALOGUE if not event.internal]
    return _EVENTS.format(
        rows="\n".join(
            f"| [`{event.name}`](#{_anchor(event)}) | {event.version} | {event.description} |" for event in public
        ),
        events="\n".join(line for event in public for line in _event(event)),
        internal="\n\n".join(f"`{event.name}`: {event.description}" for event in CATALOGUE if event.internal),
    )


def sample_of(event: EventType) -> Path:
    """Where the sample of an event lies."""
    return SAMPLES / f"{event.name}.v{event.version}.json"


def _event(event: EventType) -> Iterator[str]:
    text = sample_of(event).read_text("utf-8").strip()
    yield f"## {event.name}"
    yield ""
    yield event.description
    yield ""
    yield "```json"
    yield text
    yield "```"
    yield ""
    payload = json.loads(text)["payload"]
    if payload:
        yield "| payload | |"
        yield "|---|---|"
        yield from (f"| `{name}` | {MEANINGS[name]} |" for name in payload)
        yield ""


def _anchor(event: EventType) -> str:
    return event.name.replace(".", "")


# --- commands ----------------------------------------------------------------------------------------------------


def commands() -> str:
    return _COMMANDS.format(
        commands="\n".join(_command(scrm, click.Context(scrm, info_name="scrm"))).strip(),
    )


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _command(found, click.Context(found, info_name=name, parent=context))
        return
    yield f"## {context.command_path}"
    yield ""
    yield inspect.cleandoc(command.help or "")
    yield ""
    yield "```"
    yield command.get_usage(context).removeprefix("Usage: ")
    yield "```"
    yield ""
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if options:
        yield "| option | |"
        yield "|---|---|"
        yield from (_option(option, context) for option in options)
        yield ""


def _option(option: click.Option, context: click.Context) -> str:
    kind = "" if option.is_flag else f" {option.make_metavar(context)}"
    told = (option.help or "").replace("|", "\\|")
    names = ", ".join(f"`{name}{kind}`".replace("|", "\\|") for name in option.opts)
    if option.envvar:
        told += f" (`{option.envvar}`)"
    return f"| {names} | {told} |"


# --- texts -------------------------------------------------------------------------------------------------------

_CONFIGURATION = """\
# Configuration

Without any setting the hub runs in one process, on SQLite (`./scrm.db`), with a web chat `web` and call log import
`calls`. A setting is taken from the command line, else from a variable `SCRM_<NAME>`, else from the TOML file given
with `--config FILE` or `SCRM_CONFIG`, else it has its default. In variables, fields of tables follow two underscores
(`SCRM_VARIABLES__SCHOOL_NAME`), and lists and tables are written as JSON. What cannot work stops the start, with the
field, what it got, and what it expects. `scrm settings --config FILE` checks a file and shows what is in force.

| setting | variable | default | meaning |
|---|---|---|---|
{settings}

## Channels

Each table `[channels.<name>]` is a channel: `<name>` (letters, digits, `-`) is in its addresses and on every entry,
`kind` names the connector, and the rest are that connector's own. Naming any channel replaces the two defaults.

| setting | default | meaning |
|---|---|---|
{channel}

{connectors}
## A file that works

[deploy/example.toml](../deploy/example.toml):

```toml
{example}
```
"""

_EVENTS = """\
# Events

An event is an immutable fact, stored in the transaction that made it true. The same JSON goes to webhook endpoints, by
[Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), and to
the live stream `GET /api/v1/events`. Every event has this envelope:

| field | |
|---|---|
| `id` | `evt_…`, unique and ordered by time; the same in every attempt: drop an id you have seen |
| `type`, `version` | as below; a change that could break a receiver is a new version |
| `at` | when it became true in the hub, ISO 8601, UTC |
| `customer_id` | `cus_…`, null when it concerns no customer; deliveries of one customer come in order |
| `payload` | as below; further fields may be added to a version at any time |

Ids in payloads are public ids: read the thing itself from the API (`/api/docs`).

| event | version | meaning |
|---|---|---|
{rows}

{events}
## Only on the live stream

{internal}

`typing`, with `customer_id` and `direction`: somebody is writing. It is not stored and has no id.

`resync`: too much has happened since the last id; read again what you show.
"""

_COMMANDS = """\
# Command line

`scrm` is at `.venv/bin/scrm` after `make install`. A command ends with 0 when it did what it says, with 1 when it could
not (one line says why), with 2 when it was called wrongly or could not read a part of its input.

{commands}
"""


_RULES = """# Rules

What is checked in every message, call and draft. Each rule has a page: what fires, what does not, how grave it is, and
the law or house rule behind it. Rules come in packs, one a trade and `general`; `[compliance]` in the settings names
the packs and sets parameters, see [configuration](../../configuration.md). Findings keep the version of the rule they
were found by: a digest of id, parameters and words.

| rule | pack | 名称 | name | ground | parameters |
|---|---|---|---|---|---|
{rows}

Every rule also takes `enabled`, `severity` (replaces), `at_least` (only raises); rules that go by words take `include`
and `exclude`.
"""


def main() -> int:
    """Write the pages that are not current, or with `--check` name them and end with 1."""
    stale = [page for page, text in pages().items() if not page.is_file() or page.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        for page in stale:
            sys.stderr.write(f"{page.relative_to(ROOT)} is not current: run `make docs`\n")
        return int(bool(stale))
    for page in stale:
        page.write_text(pages()[page], encoding="utf-8")
        sys.stdout.write(f"written: {page.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
