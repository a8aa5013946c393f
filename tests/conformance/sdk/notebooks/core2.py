"""The sagemaker-core notebook with the packages that it names: ``sagemaker_core`` and SDK v2."""

import sagemaker
from sagemaker_core import resources, shapes

from tests.conformance.sdk.notebooks.core import STEPS, Context
from tests.conformance.sdk.story import settings, tell

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told, resources, shapes, sagemaker.Session()), path)
