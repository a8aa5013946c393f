"""What the local platform says when it cannot go on."""


class LocalPlatformError(Exception):
    """A command cannot do its work. The message names the cause and the way out."""
