"""Settings of ``trainings``, which takes the steps of runs, and of ``model_comparison``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class TrainingsSettings(Settings):
    """The steps of runs: build, register, decide.

    Attributes:
        registry_table: where runs and model packages are.
        account_id: the account of the stage.
        region: its region.
        partition: its partition, such as ``aws``.
        offline_bucket: where training sets, their parts and models lie.
        glue_database: the database of the groups' histories.
        workgroup: the Athena workgroup that joins.
        definitions_bucket: bucket of the declared trainings' document.
        definitions_key: its key there.
        import_function: what takes in models, by its ARN.
        kms_key_arn: the platform's key.
    """

    registry_table: str
    account_id: str
    region: str
    partition: str
    offline_bucket: str
    glue_database: str
    workgroup: str
    definitions_bucket: str
    definitions_key: str
    import_function: str
    kms_key_arn: str


@dataclass(frozen=True, kw_only=True)
class ModelComparisonSettings(Settings):
    """The step that scores two models on the same rows.

    Attributes:
        registry_table: where versions are looked up.
        offline_bucket: where models, rows and reports lie.
        region: the region of the stage.
        partition: its partition, such as ``aws``.
        models_bytes: how many bytes of models' files may be in memory at once.
    """

    registry_table: str
    offline_bucket: str
    region: str
    partition: str
    models_bytes: int = 512 * 2**20
