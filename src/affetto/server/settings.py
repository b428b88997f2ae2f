"""Settings of the service, from environment variables."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path  # noqa: TC003 (pydantic evaluates annotations)
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from affetto.errors import ParameterError

PREFIX = "AFFETTO_SERVE_"

_MIN_KEY_CHARACTERS = 16
_MAKE_KEY = "`openssl rand -hex 32`"
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9._:\[\]-]+")

_Seconds = Annotated[float, Field(gt=0, le=86_400)]
_Names = Annotated[tuple[str, ...], NoDecode]
_Keys = Annotated[tuple[SecretStr, ...], NoDecode]


class Settings(BaseSettings):
    """What can be set, each by the environment variable of its name in capitals after ``AFFETTO_SERVE_``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65_535, description="The port to listen on; 0 takes a free one.")
    api_keys: _Keys = Field(
        (),
        description="Keys, 16 characters or more each, with commas between; clients send one. Needed beyond loopback.",
    )
    model: str | None = Field(None, description="A bundle's folder, or a name from `affetto models`.")
    profile: Path | None = Field(None, description="A profile from `affetto adapt`, for all recordings.")
    prior: str | None = Field(None, description="How frequent emotions are, as for `affetto recognize --prior`.")
    threads: int | None = Field(
        None, ge=1, description="How many recordings to recognize at a time. [default: one for each processor]"
    )
    max_waiting: int = Field(64, ge=0, description="How many requests may wait; one more is answered with 503.")
    max_upload_mb: int = Field(128, ge=1, description="The largest upload, in megabytes.")
    max_memory_mb: int = Field(512, ge=1, description="The most that all uploads together may hold, in megabytes.")
    max_duration_s: _Seconds = Field(3_600, description="The longest recording, in seconds of sound.")
    upload_timeout_s: _Seconds = Field(60, description="How long an upload may take.")
    recognition_timeout_s: _Seconds = Field(60, description="How long a request may wait and be recognized.")
    max_streams: int = Field(64, ge=0, description="How many live streams may run at a time.")
    max_stream_s: _Seconds = Field(14_400, description="The longest live stream, in seconds of sound.")
    stream_timeout_s: _Seconds = Field(30, description="How long a live stream may send nothing.")
    rate_limit_per_minute: int = Field(
        600, ge=0, description="Requests of one key or address, not of loopback; 0 for no limit."
    )
    cors_origins: _Names = Field((), description="Origins whose pages may use the service, with commas between them.")

    @field_validator("api_keys", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("api_keys")
    @classmethod
    def _require_long_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < _MIN_KEY_CHARACTERS for key in keys):
            raise ValueError(
                f"a key has fewer than {_MIN_KEY_CHARACTERS} characters, so others could guess it; "
                f"take for example what {_MAKE_KEY} prints"
            )
        return keys

    @field_validator("cors_origins")
    @classmethod
    def _require_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is not an origin as browsers send it; write it as https://app.example or "
                    "http://localhost:3000, in small letters and with nothing after it, not even a slash"
                )
        return origins

    @model_validator(mode="after")
    def _require_keys(self) -> Settings:
        if not self.api_keys and not is_loopback(self.host):
            raise ValueError(
                f"the service would listen on {self.host}, where others reach it, without keys; set {PREFIX}API_KEYS, "
                f"for example to what {_MAKE_KEY} prints, or listen on 127.0.0.1"
            )
        return self


def load_settings(**options: Any) -> Settings:
    """Return the settings of the environment; options that are not None take precedence.

    Raises
    ------
    ParameterError
        If a value is invalid.
    """
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        problem = error.errors()[0]
        message = str(problem["msg"]).removeprefix("Value error, ")
        if not problem["loc"]:
            raise ParameterError(message) from None
        name = str(problem["loc"][0])
        # Not the value of a key, which may be in a log.
        value = "" if name == "api_keys" else f" is {problem['input']!r}"
        raise ParameterError(f"{PREFIX}{name.upper()}{value}: {message}") from None


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address, or only it is named by a host."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
