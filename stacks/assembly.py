"""Which stages an app holds, and what its templates must pass before they are written."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from larder.errors import ConfigurationError
from stacks.choices import InMemoryTier
from stacks.config import STAGES, StageConfig
from stacks.constructs.layer_archive import ROOT, Target
from stacks.platform import Platform
from stacks.rules.platform import PlatformRules
from stacks.runtime_start import runtime_start

# Traces name the temporary folder of the CDK's own code: with them no two synths are alike.
_REPRODUCIBLE: Final = {"aws:cdk:disable-creation-stack-traces": True}


def assemble(context: Mapping[str, object] | None = None, outdir: str | None = None) -> App:
    """An app with the stages that ``-c stage=NAME`` selects, and checks.

    ``-c target=local`` aims them at this machine; ``-c definitions=FOLDER`` names another folder of
    definition files than ``features``. ``-c predictions=FOLDER`` and ``-c trainings=FOLDER`` do so
    for predictions and for trainings. ``-c in_memory=on|off``, ``function_url=on|off``,
    ``sagemaker_names=on|off``, ``runtime_start=on_demand|snap_start|provisioned:N`` and
    ``administrators=NAME,…`` override what the stages choose, as do ``restored_records=STREAM`` and
    ``restored_registry=STREAM``. The context is that of ``cdk.json``, then ``context``, then the
    command line's.

    Raises:
        ConfigurationError: a context value is not one of its choices, or a definition file is bad;
            or a stage keeps data and has no administrators.
    """
    settings = json.loads((ROOT / "cdk.json").read_text())
    app = App(
        context={**settings["context"], **_REPRODUCIBLE, **(context or {})},
        outdir=outdir,
        analytics_reporting=False,
        stack_traces=False,
    )
    for config in _selected(app.node.try_get_context("stage")):
        chosen = _chosen(config, app.node.try_get_context)
        _refuse_unadministered(chosen)
        Platform(app, _aimed(chosen, app.node.try_get_context("target")))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), PlatformRules())
    return app


def _selected(stage: str | None) -> Iterable[StageConfig]:
    if stage is None:
        return STAGES.values()
    if stage not in STAGES:
        raise ConfigurationError(f"stage: {stage!r} is not one of {', '.join(STAGES)}")
    return [STAGES[stage]]


def _chosen(config: StageConfig, named: Callable[[str], str | None]) -> StageConfig:
    serving = config.serving
    if (text := named("function_url")) is not None:
        serving = replace(serving, function_url=_switch("function_url", text))
    if (text := named("runtime_start")) is not None:
        serving = replace(serving, runtime_start=runtime_start(text))
    config = replace(config, serving=serving)
    if (text := named("sagemaker_names")) is not None:
        use = _switch("sagemaker_names", text)
        config = replace(config, offline=replace(config.offline, sagemaker_names=use))
    found = {name: named(f"restored_{name}") for name in ("registry", "records")}
    if restored := {name: text for name, text in found.items() if text is not None}:
        tables = replace(config.data.restored, **restored)
        config = replace(config, data=replace(config.data, restored=tables))
    if (text := named("administrators")) is not None:
        names = tuple(each.strip() for each in text.split(",") if each.strip())
        config = replace(config, access=replace(config.access, administrators=names))
    if (text := named("definitions")) is not None:
        config = replace(config, definitions=Path(text))
    if (text := named("predictions")) is not None:
        config = replace(config, predictions=Path(text))
    if (text := named("trainings")) is not None:
        config = replace(config, trainings=Path(text))
    if (text := named("in_memory")) is not None:
        tier = config.in_memory or InMemoryTier()
        config = replace(config, in_memory=tier if _switch("in_memory", text) else None)
    return config


def _refuse_unadministered(config: StageConfig) -> None:
    if config.data.retain and not config.access.administrators:
        raise ConfigurationError(
            f"{config.name}: access.administrators is empty, and the stage keeps its data: no "
            "caller but the root user could open a feature group that has no grants. Name at least "
            "one principal, in stacks/config.py "
            '(access=AccessChoices(administrators=("role/LarderAdministrator",))) or on the '
            "command line (-c administrators=role/LarderAdministrator,user/ann)."
        )


def _switch(name: str, text: str) -> bool:
    if text not in {"on", "off"}:
        raise ConfigurationError(f"{name}: {text!r} is not one of on, off")
    return text == "on"


def _aimed(config: StageConfig, target: str | None) -> StageConfig:
    if target is None:
        return config
    if target != "local":
        raise ConfigurationError(f"target: {target!r} is not 'local', the only one to name")
    tier = config.in_memory and replace(config.in_memory, tls=False)
    return replace(config, target=Target.of_host(), in_memory=tier)
