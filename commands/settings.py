"""Settings: from flags, then environment ``SABISCORE_*``, then ``sabiscore.toml``."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from schemas.competitions import SHIPPED
from schemas.errors import SettingsError
from schemas.keys import LIVE

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Everything that a deployment may want to say."""

    model_config = SettingsConfigDict(
        env_prefix="SABISCORE_", toml_file="sabiscore.toml", extra="ignore"
    )

    redis: str | None = Field(None, description="redis://, rediss:// or unix:// address")
    database: str | None = Field(None, description="postgresql:// address")
    namespace: str = Field(LIVE, pattern=r"^[a-z0-9][a-z0-9-]*$", description="prefix of keys")
    partitions: int = Field(8, ge=1, le=256, description="partitions of a new namespace")
    lease_s: float = Field(5.0, gt=0.2, description="a silent worker loses its work after this")
    batch_records: int = Field(256, ge=1, le=4096, description="most records of one commit")
    keep_hours: float = Field(
        24.0, ge=0.0, description="hours that streams are kept; inf: for ever"
    )
    forecasters: int = Field(1, ge=1, le=16, description="processes that share the forecasting")
    models: Path = Field(ROOT / "model_store" / "shipped", description="folder of model versions")
    gateway_token: str | None = Field(None, repr=False, description="word that lets feeds publish")
    competitions: Path = Field(SHIPPED, description="table of competitions and pools")
    read_tokens: str = Field("", description="tokens that open the reads, with commas; none: all")
    cors_origins: str = Field("", description="origins whose pages may read, with commas; or *")
    trusted_proxies: str = Field("", description="addresses whose X-Forwarded-For is believed")
    reads_per_s: float = Field(0.0, ge=0.0, description="requests a second of one address; 0: any")
    stream_clients: int = Field(10_000, ge=1, description="most clients of the stream")
    stream_clients_per_address: int = Field(100, ge=1, description="most of one address")
    admin_port: int = Field(0, ge=0, le=65_535, description="port for metrics and operators")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the protocol's signature
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags win over the environment, the environment over the file."""
        return (
            init_settings,
            env_settings,
            file_secret_settings,
            TomlConfigSettingsSource(settings_cls),
        )

    @property
    def run(self) -> str:
        """The name under which rows stand in Postgres: ``live``, or the replay's namespace."""
        return "live" if self.namespace == LIVE else self.namespace

    def environment(self) -> dict[str, str]:
        """Say the same settings as environment variables, for processes of our own.

        Secrets in addresses stay out of command lines, which everybody on a machine can read.
        """
        return {
            f"SABISCORE_{name.upper()}": str(value)
            for name, value in self.model_dump().items()
            if value is not None
        }


def settings_from(**flags: object) -> Settings:
    """Read the settings, with every flag that was given (is not none) on top.

    Raises:
        SettingsError: When one makes no sense; names it.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        msg = f"the setting {name} is {first['input']!r}: {first['msg'].lower()}"
        raise SettingsError(msg) from error


def given(value: str | None, name: str) -> str:
    """Return *value* where the setting *name* was given.

    Raises:
        SettingsError: When it was not; says how to.
    """
    if value is None:
        msg = f"Which {name}? Say --{name} URL or set SABISCORE_{name.upper()}."
        raise SettingsError(msg)
    return value
