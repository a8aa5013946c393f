"""What can be done with endpoint configurations: create, describe, list, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from larder.access.grants import Right
from larder.models.manage_items import ManagedItems
from larder.models.registry_items import EndpointConfig, Model, Sent, Tags, VariantSpec
from larder.problems import Path, Problem, refuse, shown

_PRODUCTION = "ProductionVariants"
_SHADOW = "ShadowProductionVariants"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSpec:
    """An endpoint configuration that is asked for; ``sent`` is what a description shows again."""

    name: str
    variants: tuple[VariantSpec, ...]
    shadows: tuple[VariantSpec, ...]
    sent: Sent
    kms_key: str | None = None
    tags: Tags = ()


@dataclass(frozen=True, slots=True)
class EndpointConfigs:
    """The endpoint configurations of a platform, for a caller; as ``Models``.

    ``kms_key_arn`` is the platform's key, the only one that a request may name. ``capture_below``
    are the addresses below which data capture may write, each ending in a slash.
    """

    items: ManagedItems[EndpointConfig]
    models: ManagedItems[Model]
    clock: Callable[[], int]
    new_uid: Callable[[], str]
    kms_key_arn: str
    capture_below: tuple[str, ...] = ()

    def create(self, spec: ConfigSpec) -> EndpointConfig:
        """Register a configuration of models that there are, and that the caller may serve.

        Raises:
            ValidationError: the name is taken, a model is absent, or the variants contradict
                themselves. Or data capture may not write where it should.
            AccessForbidden: the caller may not create configurations, or not serve a model.
        """
        self.items.check_new(spec.name, spec.tags)
        key = key_problems(self.kms_key_arn, spec.kms_key, ("KmsKeyId",))
        refuse((*_problems(spec), *key, *capture_problems(self.capture_below, spec.sent)))
        for variant in (*spec.variants, *spec.shadows):
            self.models.get(variant.model, Right.READ)
        return self.items.create(
            EndpointConfig(
                name=spec.name,
                uid=self.new_uid(),
                created=self.clock(),
                tags=spec.tags,
                sent=spec.sent,
                variants=spec.variants,
                shadows=spec.shadows,
            )
        )


def key_problems(own: str, key: str | None, path: Path) -> Iterator[Problem]:
    """What is wrong with a key that a request names: it must be the platform's ``own``."""
    if key not in {None, own, own.rpartition("/")[2]}:
        text = f"Member must be left out or be the platform's key {own}, which encrypts everything"
        yield Problem(path, text, shown(key))


def capture_problems(places: tuple[str, ...], sent: Sent) -> Iterator[Problem]:
    """What is wrong with the destination of an enabled data capture: it lies below no place."""
    given = sent.get("DataCaptureConfig")
    if not isinstance(given, Mapping) or not given.get("EnableCapture"):
        return
    destination = str(given["DestinationS3Uri"])
    if not f"{destination.rstrip('/')}/".startswith(places):
        text = (
            f"Member must lie below one of [{', '.join(places)}], where data capture may write: "
            "name such an address, or add its bucket to models.capture_buckets of the stage"
        )
        yield Problem(("DataCaptureConfig", "DestinationS3Uri"), text, shown(destination))


def _problems(spec: ConfigSpec) -> Iterator[Problem]:
    seen: set[str] = set()
    for member, variants in ((_PRODUCTION, spec.variants), (_SHADOW, spec.shadows)):
        for place, variant in enumerate(variants):
            if variant.name in seen:
                text = "Member must be unique among the variants"
                yield Problem((member, place, "VariantName"), text, shown(variant.name))
            seen.add(variant.name)
    if not any(variant.weight > 0 for variant in spec.variants):
        text = "Member must have a variant with an InitialVariantWeight greater than 0"
        yield Problem((_PRODUCTION,), text, f"of {len(spec.variants)} items")
    if spec.shadows and (len(spec.shadows), len(spec.variants)) != (1, 1):
        text = f"Member must be one variant, beside one of {_PRODUCTION}"
        yield Problem((_SHADOW,), text, f"of {len(spec.shadows)} items")
