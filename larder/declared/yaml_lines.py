"""YAML with its line numbers: the values of a file, and where each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from larder.problems import Path

_MOST_NODES = 100_000  # aliases of aliases multiply; a file of a feature group never has so many


class UnreadableYaml(Exception):
    """The text is not YAML, or not YAML that means one thing; ``line`` is where."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Located:
    """A document's value, and the line of each part by the path that leads to it."""

    value: object = None
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of a part, or of the nearest part around it that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str) -> Located:
    """Read one document.

    Raises:
        UnreadableYaml: naming the first thing that is wrong.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UnreadableYaml(line, f"this is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        text = " ".join(str(error).split())
        raise UnreadableYaml(1, f"this is not YAML: {text}") from error
    if node is None:
        raise UnreadableYaml(1, "the file is empty; begin with name: <feature group>")
    located = Located()
    located.value = _Reader(located.lines).value(node, ())
    return located


class _Reader:
    def __init__(self, lines: dict[Path, int]) -> None:
        self._lines = lines
        self._scalars = yaml.constructor.SafeConstructor()
        self._count = 0

    def value(self, node: yaml.Node, path: Path) -> object:
        line = node.start_mark.line + 1
        self._lines.setdefault(path, line)
        self._count += 1
        if self._count > _MOST_NODES or len(path) > 20:
            raise UnreadableYaml(line, "aliases nest without end; write the values out")
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*path, place)) for place, each in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return dict(self._entries(node, path))
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            text = " ".join(str(error).split())
            raise UnreadableYaml(line, f"{node.value!r} can't be read: {text}") from error

    def _entries(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, object]]:
        seen: set[str] = set()
        for key, each in node.value:
            line = key.start_mark.line + 1
            name = key.value
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise UnreadableYaml(line, f"the name {name!r} is not a string: put it in quotes")
            if name in seen:
                raise UnreadableYaml(line, f"{name!r} is given here a second time")
            seen.add(name)
            self._lines[(*path, name)] = line
            yield name, self.value(each, (*path, name))
