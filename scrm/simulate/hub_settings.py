"""How a hub is told about the simulator, and the simulator about the hub."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from scrm.simulate import crypto
from scrm.simulate.commands import Callback, SetCallback
from scrm.simulate.setup import set_callback
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.world import App, Corp

_KINDS: Mapping[str, str] = {"app": "wecom_app", "kf": "wecom_kf", "archive": "wecom_archive"}


def channel_of(app: App) -> str:
    """The name of the hub's channel for an application."""
    return f"wecom-{app.name}"


def callback_path(app: App) -> str:
    """Where the hub takes the application's callbacks."""
    return f"/callbacks/{channel_of(app)}"


def hub_settings(sim: SimulatedWeCom, url: str) -> str:
    """The `[channels.…]` tables, in TOML, of a hub that talks to the simulator at `url`."""
    tables = [_table(corp, app, url) for corp in sim.corps.values() for app in corp.apps.values()]
    return "\n\n".join("\n".join(table) for table in tables) + "\n"


def connect(sim: SimulatedWeCom, hub_url: str) -> list[App]:
    """Point the callbacks of every application at the hub at `hub_url`."""
    return [
        set_callback(
            sim,
            SetCallback(
                corp=corp.corp_id, app=app.name, callback=Callback(url=hub_url.rstrip("/") + callback_path(app))
            ),
        )
        for corp in sim.corps.values()
        for app in corp.apps.values()
    ]


def _table(corp: Corp, app: App, url: str) -> Iterator[str]:
    yield f"[channels.{channel_of(app)}]"
    yield f"kind = {_quoted(_KINDS[app.kind])}"
    yield f"corp_id = {_quoted(corp.corp_id)}"
    yield f"callback_token = {_quoted(app.callback.token)}"
    yield f"encoding_aes_key = {_quoted(app.callback.aes_key)}"
    if app.kind == "archive":
        yield f"sdk_url = {_quoted(f'{url}/_sim/finance')}"
        yield ""
        yield f"[channels.{channel_of(app)}.private_keys]"
        for version, key in corp.archive.keys.items():
            yield f'{version} = """\n{crypto.private_pem(key)}"""'
        return
    yield f"secret = {_quoted(app.secret)}"
    yield f"api_url = {_quoted(url)}"
    if app.kind == "kf":
        yield f"open_kfids = [{', '.join(_quoted(open_kfid) for open_kfid in corp.kf_accounts)}]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
