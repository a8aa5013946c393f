"""CloudFormation: a change of a stack's outputs alone is a change.

ministack looks at resources only. Such a change set fails for want of changes, and the outputs
stay as they were. AWS executes it, without a change of any resource.
"""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import changesets

Template = dict[str, Any]


class OutputsAlone(list[Any]):
    """No change of a resource, and yet something to execute."""

    def __bool__(self) -> bool:
        """True, though it is empty: ministack asks whether there are changes."""
        return True


def install() -> None:
    """Have change sets look at outputs too."""
    changesets._resolve_props_for_diff = _with_outputs(changesets._resolve_props_for_diff)
    changesets._diff_resources = _or_outputs(changesets._diff_resources)


def _with_outputs(resolve: Callable[..., Template]) -> Callable[..., Template]:
    def resolved(template: Template, *context: Any) -> Template:
        found = resolve(template, *context)
        return {**found, "Outputs": template.get("Outputs", {})} if found else found

    return resolved


def _or_outputs(diff: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def changes(old: Template, new: Template, *context: Any) -> list[Any]:
        found = diff(old, new, *context)
        same = not old or old.get("Outputs") == new.get("Outputs")
        return found if found or same else OutputsAlone()

    return changes
