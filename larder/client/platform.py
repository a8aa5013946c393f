"""A deployed platform as one object: its parts are opened when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Self

from larder.client.html import facts
from larder.client.process_plane import ProcessPlane
from larder.client.records import RecordsClient
from larder.errors import ConfigurationError
from larder.extras import needs
from larder.settings.runtime import RuntimeSettings
from larder.wiring.data_plane import DataPlane, open_data_plane
from larder.wiring.location import Location

if TYPE_CHECKING:
    from larder.client.erasure import ErasureClient
    from larder.client.experiments import ExperimentsClient
    from larder.client.groups import GroupsClient
    from larder.client.ingestion import IngestionClient
    from larder.client.materialization import MaterializationClient
    from larder.client.monitoring import MonitoringClient
    from larder.client.offline import OfflineClient
    from larder.client.pipelines import PipelinesClient
    from larder.client.predictions import PredictionsClient
    from larder.client.reconciliation import ReconciliationClient
    from larder.client.training_sets import TrainingSetsClient
    from larder.client.trainings import TrainingsClient

_PATIENT_SECONDS = 0.25
"""What a put may wait for Valkey where this process keeps its own threads from running."""


def _open_patiently(settings: RuntimeSettings) -> DataPlane:
    return open_data_plane(settings, patient_seconds=_PATIENT_SECONDS)


class Platform:
    """A deployed platform; ``larder.connect`` gives one.

    Each part raises ``ConfigurationError`` at its first use where a setting or the credentials are
    missing. It raises ``MissingDependency`` where a package of its extra is not installed.
    """

    def __init__(
        self,
        location: Location,
        *,
        caller: str | None = None,
        open_plane: Callable[[RuntimeSettings], DataPlane] = _open_patiently,
    ) -> None:
        """Over the platform at a location; ``caller`` is as in ``larder.connect``."""
        self.location = location
        self.caller = caller
        self._open_plane = open_plane

    @cached_property
    def records(self) -> RecordsClient:
        """Records, read and written in the stores themselves."""
        return RecordsClient(self._plane, self._settings.region)

    @cached_property
    def groups(self) -> GroupsClient:
        """Feature groups, by the platform's API. Extra: ``aws``."""
        with self._own_rights("groups"), needs("aws", "groups"):
            from larder.client.groups import GroupsClient  # noqa: PLC0415 - optional
            from larder.wiring.groups import GroupsSettings, open_groups  # noqa: PLC0415

        return GroupsClient(open_groups(self.location.settings(GroupsSettings)))

    @cached_property
    def training_sets(self) -> TrainingSetsClient:
        """Training sets. Extra: ``offline``."""
        with self._own_rights("training_sets"), needs("offline", "training_sets"):
            from larder.client.training_sets import TrainingSetsClient  # noqa: PLC0415 - optional
            from larder.wiring.sagemaker import ApiSettings  # noqa: PLC0415
            from larder.wiring.training_sets import open_training_sets  # noqa: PLC0415
            from larder.wiring.training_sets_over import HistorySettings  # noqa: PLC0415

        settings = self.location.settings(HistorySettings)
        return TrainingSetsClient(
            *open_training_sets(settings, self.location.settings(ApiSettings))
        )

    @cached_property
    def ingestion(self) -> IngestionClient:
        """Rows in bulk, into the stores themselves. Extra: ``offline``."""
        with needs("offline", "ingestion"):
            from larder.client.ingestion import IngestionClient  # noqa: PLC0415 - optional
            from larder.wiring.ingestion import IngestionSettings, open_ingestion  # noqa: PLC0415

        settings = self.location.settings(IngestionSettings)
        return IngestionClient(open_ingestion(settings, self._current_plane))

    @cached_property
    def materialization(self) -> MaterializationClient:
        """The newest of the history into the online store. Extra: ``offline``."""
        with needs("offline", "materialization"):
            from larder.client.materialization import (  # noqa: PLC0415 - optional
                MaterializationClient,
            )
            from larder.wiring.materialization import (  # noqa: PLC0415
                MaterializationSettings,
                open_materialization,
            )

        settings = self.location.settings(MaterializationSettings)
        return MaterializationClient(open_materialization(settings, self._current_plane))

    @cached_property
    def offline(self) -> OfflineClient:
        """The offline store's status. Extra: ``offline``."""
        with self._own_rights("offline"), needs("offline", "offline"):
            from larder.client.offline import OfflineClient  # noqa: PLC0415 - optional
            from larder.wiring.offline import (  # noqa: PLC0415
                OperatorSettings,
                open_offline_status,
            )

        return OfflineClient(open_offline_status(self.location.settings(OperatorSettings)))

    @cached_property
    def experiments(self) -> ExperimentsClient:
        """Experiments on endpoints. Extra: ``offline``."""
        with self._own_rights("experiments"), needs("offline", "experiments"):
            from larder.client.experiments import ExperimentsClient  # noqa: PLC0415 - optional
            from larder.wiring.experiments import open_experiments  # noqa: PLC0415
            from larder.wiring.training_sets_over import HistorySettings  # noqa: PLC0415

        return ExperimentsClient(open_experiments(self.location.settings(HistorySettings)))

    @cached_property
    def monitoring(self) -> MonitoringClient:
        """Models that are watched. Extra: ``offline``."""
        with self._own_rights("monitoring"), needs("offline", "monitoring"):
            from larder.client.monitoring import MonitoringClient  # noqa: PLC0415 - optional
            from larder.wiring.monitoring import (  # noqa: PLC0415
                MonitoringClientSettings,
                open_monitoring,
            )
            from larder.wiring.monitoring_skew import open_skew, open_tables  # noqa: PLC0415
            from larder.wiring.sagemaker import ApiSettings  # noqa: PLC0415

        settings = self.location.settings(MonitoringClientSettings)
        return MonitoringClient(
            open_monitoring(settings),
            lambda: open_skew(settings, self.location.settings(ApiSettings)),
            lambda: open_tables(self.location.settings(ApiSettings)),
        )

    @cached_property
    def pipelines(self) -> PipelinesClient:
        """Feature pipelines: run, and looked at. Extra: ``offline``."""
        with self._own_rights("pipelines"), needs("offline", "pipelines"):
            from larder.client.pipelines import PipelinesClient  # noqa: PLC0415 - optional
            from larder.wiring.pipeline_client import (  # noqa: PLC0415
                PipelineClientSettings,
                open_executions,
            )
            from larder.wiring.pipeline_consistency import (  # noqa: PLC0415
                ConsistencySettings,
                open_consistency,
            )
            from larder.wiring.pipeline_deployments import (  # noqa: PLC0415
                DeploymentSettings,
                open_deployments,
            )

        return PipelinesClient(
            open_executions(self.location.settings(PipelineClientSettings)),
            lambda: open_consistency(
                self.location.settings(ConsistencySettings), self._current_plane
            ),
            lambda: open_deployments(self.location.settings(DeploymentSettings)),
        )

    @cached_property
    def predictions(self) -> PredictionsClient:
        """Predictions: run, and looked at. Extra: ``offline``."""
        with self._own_rights("predictions"), needs("offline", "predictions"):
            from larder.client.predictions import PredictionsClient  # noqa: PLC0415 - optional
            from larder.wiring.prediction_client import (  # noqa: PLC0415
                PredictionClientSettings,
                open_prediction_runs,
            )

        return PredictionsClient(
            open_prediction_runs(self.location.settings(PredictionClientSettings))
        )

    @cached_property
    def trainings(self) -> TrainingsClient:
        """Trainings: run, and looked at. Extra: ``offline``."""
        with self._own_rights("trainings"), needs("offline", "trainings"):
            from larder.client.trainings import TrainingsClient  # noqa: PLC0415 - optional
            from larder.wiring.training_client import (  # noqa: PLC0415
                TrainingClientSettings,
                open_training_runs,
            )

        return TrainingsClient(open_training_runs(self.location.settings(TrainingClientSettings)))

    @cached_property
    def reconciliation(self) -> ReconciliationClient:
        """Whether a group's online store and its history agree. Extra: ``offline``."""
        with self._own_rights("reconciliation"), needs("offline", "reconciliation"):
            from larder.client.reconciliation import ReconciliationClient  # noqa: PLC0415
            from larder.wiring.reconciliation import (  # noqa: PLC0415
                ReconciliationSettings,
                open_reconciliation,
            )

        settings = self.location.settings(ReconciliationSettings)
        return ReconciliationClient(open_reconciliation(settings, self._current_plane))

    @cached_property
    def erasure(self) -> ErasureClient:
        """One identifier out of every place. Extra: ``offline``."""
        with self._own_rights("erasure"), needs("offline", "erasure"):
            from larder.client.erasure import ErasureClient  # noqa: PLC0415 - optional
            from larder.wiring.erasure import ErasingSettings, open_erasing  # noqa: PLC0415
            from larder.wiring.sagemaker import ApiSettings  # noqa: PLC0415

        settings = self.location.settings(ErasingSettings)
        return ErasureClient(open_erasing(settings, self.location.settings(ApiSettings)))

    def __enter__(self) -> Self:
        """The platform itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections that no thread is using; a later call opens new ones."""
        if "_plane" in vars(self):
            self._plane.close()

    def _repr_html_(self) -> str:
        named = self.location.variables
        return facts(
            f"Larder, stage {self.location.stage}" if self.location.stage else "Larder",
            {
                "Found by": self.location.origin,
                "Account": named.get("LARDER_ACCOUNT_ID"),
                "Region": named.get("LARDER_REGION"),
                "API": named.get("LARDER_API_ENDPOINT"),
                "Records": named.get("LARDER_RECORDS_TABLE"),
                "In-memory tier": named.get("LARDER_VALKEY_ADDRESS") or None,
                "History": named.get("LARDER_OFFLINE_BUCKET"),
                "Database": named.get("LARDER_DATABASE"),
                "Caller": self.caller,
            },
        )

    @cached_property
    def _settings(self) -> RuntimeSettings:
        return self.location.settings(RuntimeSettings)

    @cached_property
    def _plane(self) -> ProcessPlane:
        settings = self._settings
        return ProcessPlane(lambda: self._open_plane(settings), self.caller)

    def _current_plane(self) -> DataPlane:
        return self._plane.current

    @contextmanager
    def _own_rights(self, part: str) -> Iterator[None]:
        """Refuse a part that would act with this process's rights in place of the caller's."""
        if self.caller is not None:
            raise ConfigurationError(
                f"{part}: this platform was opened for the caller {self.caller}, whose grants only "
                "records, ingestion and materialization ask for. Open another one without caller."
            )
        yield
