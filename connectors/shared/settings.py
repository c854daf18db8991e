"""Reading a channel's settings, with errors that name the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ValidationError

from scrm.connector import BadSettings, Json

Model = TypeVar("Model", bound=BaseModel)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("应为时区名，例如 Asia/Shanghai") from error
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""The name of a time zone that this machine knows."""


def read_settings(model: type[Model], channel: str, settings: Mapping[str, Json]) -> Model:
    """The settings of a channel. `BadSettings` names each wrong field, what it got and what it expects."""
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, each['loc'])) or '（整体）'}：{each['msg']}{_got(model, each['loc'], each['input'])}"
            for each in error.errors()
        ]
        raise BadSettings(f"频道 {channel} 的设置有误：{'；'.join(problems)}") from None


def _got(model: type[BaseModel], place: tuple[str | int, ...], value: object) -> str:
    field = model.model_fields.get(str(place[0])) if place else None
    # What was put into a secret's field may be the secret of another.
    public = field is not None and "Secret" not in str(field.annotation) and isinstance(value, str | int | float | bool)
    return f"（实际为 {value!r}）" if public else ""
