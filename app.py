"""The CDK app: ``cdk synth``, ``cdk deploy 'dev/*'``; ``-c stage=dev`` leaves the others out."""

import sys

from larder.errors import ConfigurationError
from stacks.assembly import assemble


def main() -> int:
    """Synthesize; a bad definition file is a message, not a traceback."""
    try:
        app = assemble()
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
