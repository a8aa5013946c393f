"""The errors Larder answers with.

One class per answer that SageMaker Feature Store's API knows, plus ``ConfigurationError`` for a
process that cannot start. The wire layer turns each into SageMaker's typed error; a bug is not
wrapped and stays what it is.

    LarderError
     ├─ ValidationError          the request is malformed or out of limits
     ├─ ResourceNotFound         the group, record or feature does not exist
     ├─ ResourceInUse            the name is taken, or something uses the group
     ├─ ResourceLimitExceeded    a quota is reached
     ├─ AccessForbidden          the caller may not
     ├─ ConflictException        an older event time than the stored one (UpdateRecord)
     ├─ ThrottlingException      a store asks to slow down; nothing was done
     ├─ ServiceUnavailable       a store did not answer; the caller may retry
     │   └─ NewerFormat          a stored item is of a form that a newer release made
     └─ ConfigurationError       the environment or a definition file is unusable
         └─ MissingDependency    an optional package is not installed

A message names the field, the value, the limit and the cure.
"""


class LarderError(Exception):
    """Anything that Larder says to a caller on purpose."""


class ValidationError(LarderError):
    """The request is malformed, out of limits, or contradicts the feature group."""


class ResourceNotFound(LarderError):
    """The feature group, feature or record that was named does not exist."""


class ResourceInUse(LarderError):
    """The name is taken, the group is busy with another change, or a served model reads it."""


class ResourceLimitExceeded(LarderError):
    """A quota of the account or of the platform is reached."""


class AccessForbidden(LarderError):
    """The caller is known and may not do this."""


class ConflictException(LarderError):
    """A newer version of the record is stored than the one the caller updates."""


class ThrottlingException(LarderError):
    """A store refused for load; nothing was changed and a retry may succeed."""


class ServiceUnavailable(LarderError):
    """A store did not answer in time; whether a write took effect is unknown."""


class NewerFormat(ServiceUnavailable, ValueError):
    """A stored item is of a form that only a newer release of Larder can read.

    A retry succeeds once this function or program is upgraded. Where nothing but the layout
    matters it is the ``ValueError`` of an item that can't be read.
    """


class ConfigurationError(LarderError):
    """The process or a definition file is set up wrongly; every problem is named at once."""


class MissingDependency(ConfigurationError, ImportError):
    """A part needs a package of an extra that is not installed; the message names the extra."""
