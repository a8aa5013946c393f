"""``python -m larder``."""

import sys

from larder.cli.main import main

sys.exit(main())
