"""The sagemaker-core notebook with SDK v3, which holds ``sagemaker.core``."""

from sagemaker.core import resources, shapes
from sagemaker.core.helper.session_helper import Session

from tests.conformance.sdk.notebooks.core import STEPS, Context
from tests.conformance.sdk.story import settings, tell

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told, resources, shapes, Session()), path)
