"""The Feast repository that Feast's benchmarks run on."""

from pathlib import Path

from feast import FeatureStore


def make(folder: Path, online_store: str) -> FeatureStore:
    """Write the repository's configuration into a folder, and open it.

    ``online_store`` is YAML of one line.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "feature_store.yaml").write_text(
        f"""project: bench
provider: local
registry: {folder}/registry.db
offline_store: {{type: dask}}
online_store: {online_store}
entity_key_serialization_version: 3
"""
    )
    return FeatureStore(repo_path=str(folder))
