"""What the simulator tells a hub about itself is what the connectors can read."""

from __future__ import annotations

import tomllib

from connectors.wecom_app.settings import WecomAppSettings
from connectors.wecom_archive.settings import WecomArchiveSettings
from connectors.wecom_kf.settings import WecomKfSettings
from scrm.simulate import SimulatorControl

from .conftest import KF


async def test_the_settings_for_a_hub_are_accepted_by_the_connectors(control: SimulatorControl) -> None:
    channels = tomllib.loads(await control.hub_settings())["channels"]
    tables = {table.pop("kind"): table for table in channels.values()}

    kf = WecomKfSettings.model_validate(tables["wecom_kf"])
    archive = WecomArchiveSettings.model_validate(tables["wecom_archive"])

    assert WecomAppSettings.model_validate(tables["wecom_app"]).corp_id == kf.corp_id
    assert kf.open_kfids == (KF,)
    assert sorted(archive.private_keys) == [1, 2]
