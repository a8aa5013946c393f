"""Entry point of the data plane: builds the object graph once, at cold start."""

import gc

from lambdas.runtime.routes import create_handler
from larder.adapters.data_plane import open_data_plane
from larder.settings import RuntimeSettings
from larder.wire.runtime_api import RuntimeApi

_plane = open_data_plane(RuntimeSettings.from_env())

handler = create_handler(
    RuntimeApi(
        reader=_plane.reader,
        writer=_plane.writer,
        updater=_plane.updater,
        lister=_plane.lister,
        rules=_plane.rules,
    )
)

gc.freeze()  # what a cold start has made lives as long as the process: never walk it again
