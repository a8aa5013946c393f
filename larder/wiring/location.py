"""Where a platform is: the variables of the environment, or those that a stage has published."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import orjson

from larder.aws.ssm import ParameterUnread, read_parameter, region_from
from larder.errors import ConfigurationError
from larder.settings.base import Settings
from larder.settings.published import check_published, client_parameter

S = TypeVar("S", bound=Settings)
_PREFIX = "LARDER_"


@dataclass(frozen=True, slots=True)
class Location:
    """A platform's settings by variable name; ``origin`` and ``cure`` go into error messages."""

    variables: Mapping[str, str]
    origin: str
    cure: str
    stage: str | None = None

    def settings(self, kind: type[S]) -> S:
        """The settings that a part of the platform needs.

        Raises:
            ConfigurationError: some are missing; all of them are named, with the cure.
        """
        try:
            return kind.from_env(self.variables)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.origin}: {error}. {self.cure}") from error


def find_platform(stage: str | None, env: Mapping[str, str] = os.environ) -> Location:
    """The platform of a stage, by its SSM parameter; without one, that of the environment.

    Raises:
        ConfigurationError: the parameter can't be read, or no variable names a platform.
    """
    return _published(stage) if stage is not None else _named(env)


def _named(env: Mapping[str, str]) -> Location:
    variables = {name: value for name, value in env.items() if name.startswith(_PREFIX)}
    cure = 'Name the stage (larder.connect("dev")), or set them: eval "$(make -s env)" does.'
    if not variables:
        raise ConfigurationError(f"The environment has no variable {_PREFIX}…. {cure}")
    return Location(variables, "the environment", cure)


def _published(stage: str) -> Location:
    name = client_parameter(stage)
    try:
        value = read_parameter(name, region_from())
    except ParameterUnread as error:
        raise ConfigurationError(
            f"stage {stage!r}: the SSM parameter {name}, which `cdk deploy '{stage}/*'` makes, "
            f"can't be read: {error}. Check the stage's name, the region, and that "
            f"ssm:GetParameter is allowed."
        ) from error
    cure = f"An older release published it: deploy the stage again (cdk deploy '{stage}/*')."
    variables = orjson.loads(value)
    check_published(name, variables)
    return Location(variables, f"the SSM parameter {name}", cure, stage)
