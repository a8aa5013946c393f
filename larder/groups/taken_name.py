"""The refusal of a name that another feature group has, in SageMaker's words."""

from larder.errors import ResourceInUse


def name_is_taken(name: str, cure: str = "Choose a different name.") -> ResourceInUse:
    """The error, whose text programs compare with SageMaker's, its second line included."""
    return ResourceInUse(
        f"Resource Already Exists: FeatureGroup with name {name} already exists. {cure}\n"
        f"Info: Feature Group '{name}' already exists."
    )
