"""One tree of settings: `SCRM_*` variables over one TOML file over the defaults. Every description is documentation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from scrm.core.compliance import PACKS, RuleInForce, rules_of
from scrm.core.errors import BadInput, BadSettings
from scrm.core.timeline import Json
from scrm.core.working_time import Deadlines, WorkingHours


class ChannelSettings(BaseModel):
    """A `[channels.<name>]` table: `kind` names the connector, the rest is the connector's own."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    kind: str = Field(description="The connector, as its entry point is called: web_im, wecom_kf, call_log …")
    silent_after_minutes: int | None = Field(
        default=None, ge=1, description="Report the channel as silent when nothing arrives for so many minutes."
    )

    @property
    def own(self) -> Mapping[str, JsonValue]:
        """What the connector's own settings model reads."""
        return self.__pydantic_extra__ or {}


class WorkingHoursSettings(BaseModel):
    """`[working_hours]`, in China's time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: list[Annotated[int, Field(ge=1, le=7)]] = Field(default=[1, 2, 3, 4, 5], description="Weekdays; 1 is Monday.")
    opens: time = Field(default=time(9), description="When work begins, e.g. 09:00.")
    closes: time = Field(default=time(18), description="When work ends, e.g. 18:00.")
    closed: list[date] = Field(default=[], description="Days off: public holidays.")
    extra: list[date] = Field(default=[], description="Days of work that would be days off.")

    @model_validator(mode="after")
    def _opens_first(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("expected `opens` before `closes`")
        return self


class CaseSettings(BaseModel):
    """`[cases]`: how the auditors work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    second_look_share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1, description="Share of the verdicts a second auditor gives again, unseen; S4 always."
    )
    sample_share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.01, description="Share of a day's conversations drawn at random for the auditors."
    )
    sample_at_least: Annotated[int, Field(ge=0)] = Field(default=5, description="So many a day, if there are.")
    sample_at_most: Annotated[int, Field(ge=0)] = Field(default=50, description="Never more than so many a day.")
    s3_minutes: Annotated[int, Field(ge=1)] = Field(default=60, description="Working minutes to judge an S3 case.")
    s4_minutes: Annotated[int, Field(ge=1)] = Field(default=15, description="Minutes to judge an S4 case, at any hour.")


class ComplianceSettings(BaseModel):
    """`[compliance]`: which rules are in force, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    packs: list[str] = Field(
        default=[*PACKS], description="The packs of rules in force: `general`, and those of the trades you are in."
    )
    rules: dict[str, dict[str, JsonValue]] = Field(
        default={},
        description="A table by rule id, e.g. `[compliance.rules.price-higher-later]`: `enabled`, `severity` or "
        "`at_least` (S0 to S4), `effective_from`, the rule's own parameters (see reference/rules), and for rules "
        "that go by words `include` and `exclude`.",
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        try:
            rules_of(self.plan)
        except BadInput as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def plan(self) -> dict[str, Json]:
        """As `rules_of` reads it."""
        return {"packs": self.packs, "rules": self.rules}


def _default_channels() -> dict[str, ChannelSettings]:
    return {"web": ChannelSettings(kind="web_im"), "calls": ChannelSettings(kind="call_log")}


class Settings(BaseSettings):
    """Without any setting the hub runs in one process on SQLite in the working folder."""

    model_config = SettingsConfigDict(env_prefix="SCRM_", env_nested_delimiter="__", extra="forbid", frozen=True)

    database_url: str = Field(
        default="sqlite:///scrm.db",
        description="sqlite:///PATH, or postgresql://USER:PASSWORD@HOST:PORT/NAME.",
    )
    redis_url: str | None = Field(
        default=None, description="redis://HOST:PORT/N wakes workers in other processes. Needed with several processes."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8000, description="Port to listen on; 0 takes a free one."
    )
    public_url: str | None = Field(
        default=None, description="How browsers reach the hub, e.g. https://hub.example.cn. Makes cookies secure."
    )
    workers: Annotated[int, Field(ge=0, le=16)] = Field(
        default=1, description="Sets of worker loops inside `scrm serve`; 0 when `scrm worker` processes do the work."
    )
    channels: dict[str, ChannelSettings] = Field(
        default_factory=_default_channels, description="The channels, one table each."
    )
    price_book: Path | None = Field(default=None, description="A TOML price book to load at start.")
    price_approval: Literal["two_people", "one_person"] = Field(
        default="two_people",
        description="Whether a price proposed in the hub is approved by somebody else, or may be by its author.",
    )
    script_packs: list[str] = Field(default=["builtin"], description="Names of entry points of scrm.script_packs.")
    packs: list[str] = Field(
        default=["general_service", "language_school"],
        description="Ids of the packs in use, of those the entry points offer: your trade's. An empty list: all.",
    )
    variables: dict[str, str] = Field(
        default={}, description="Values of script variables that are the same for all, e.g. school_name."
    )
    working_hours: WorkingHoursSettings = Field(
        default_factory=WorkingHoursSettings, description="When the team works: for deadlines."
    )
    compliance: ComplianceSettings = Field(
        default_factory=ComplianceSettings, description="The rules in force and their parameters."
    )
    cases: CaseSettings = Field(default_factory=CaseSettings, description="Deadlines, second looks and samples.")
    audit_key: Path | None = Field(
        default=None,
        description="File of the key that signs checkpoints of the audit log. Default: beside the SQLite file (of "
        "scrm.db: scrm-audit.key), with PostgreSQL in the working folder. Made at its first use; keep a copy.",
    )
    audit_checkpoints: Path | None = Field(
        default=None,
        description="Folder for signed checkpoints of the audit log; let it be a place that the database's "
        "administrators cannot write to. Default: beside the key.",
    )
    session_hours: Annotated[int, Field(ge=1, le=720)] = Field(default=12, description="How long a sign-in lasts.")
    webhook_private_targets: bool = Field(
        default=False, description="Allow webhook endpoints on private and loopback addresses (for trying things out)."
    )
    log_format: Literal["console", "json"] = Field(default="console", description="Form of the log lines.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    admin_password: SecretStr | None = Field(
        default=None, description="Password of the first account `admin`; without it one is made up and printed once."
    )

    @property
    def hours(self) -> WorkingHours:
        """The working hours."""
        set_ = self.working_hours
        return WorkingHours(
            days=frozenset(day - 1 for day in set_.days),
            opens=set_.opens,
            closes=set_.closes,
            closed=frozenset(set_.closed),
            extra=frozenset(set_.extra),
        )

    @property
    def rules(self) -> tuple[RuleInForce, ...]:
        """The rules in force."""
        return rules_of(self.compliance.plan, self.hours)

    @property
    def deadlines(self) -> Deadlines:
        """By when cases must be judged."""
        return Deadlines(
            hours=self.hours,
            s3=timedelta(minutes=self.cases.s3_minutes),
            s4=timedelta(minutes=self.cases.s4_minutes),
        )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("expected sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME")
        return value

    @field_validator("channels")
    @classmethod
    def _speakable_names(cls, value: dict[str, ChannelSettings]) -> dict[str, ChannelSettings]:
        for name in value:
            if not name.replace("-", "").isalnum() or not name.isascii():
                raise ValueError(f"channel name {name!r}: expected letters, digits and '-'")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the framework's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the framework's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line over variables over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(path: Path | None = None, **overrides: JsonValue) -> Settings:
    """Settings from `path` (TOML) and the environment. `BadSettings` names the field, what it got, what it expects."""
    if path is not None:
        _check_toml(path)

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return FromFile(**overrides)  # type: ignore[arg-type]  # pydantic judges the values
    except ValidationError as error:
        raise BadSettings(_in_words(error, path)) from error


def _check_toml(path: Path) -> None:
    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"settings file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"settings file {path} is not TOML: {error}") from error


def describe_errors(error: ValidationError) -> str:
    """Each problem as `field: got …, expected …`, one per line."""
    lines = []
    for problem in error.errors():
        field = ".".join(str(part) for part in problem["loc"]) or "(whole)"
        got = problem["input"] if not isinstance(problem["input"], dict) else "a table"
        lines.append(f"{field}: got {got!r}; {problem['msg']}")
    return "\n".join(lines)


def _in_words(error: ValidationError, path: Path | None) -> str:
    where = f" (file {path} and SCRM_* variables)" if path else " (SCRM_* variables)"
    return f"settings{where} cannot work:\n{describe_errors(error)}"
