"""Entry point of the data plane: builds the object graph once, at cold start."""

import gc

from lambdas.runtime.routes import create_handler
from larder.adapters.data_plane import open_data_plane
from larder.settings import RuntimeSettings

handler = create_handler(open_data_plane(RuntimeSettings.from_env()).api)

gc.freeze()  # what a cold start has made lives as long as the process: never walk it again
