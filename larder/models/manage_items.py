"""What can be done with every kind of item of the registry: find, list, tag, delete.

SageMaker answers all that goes wrong here with a ValidationException, also an absent item. Programs
read the texts: MLflow looks for "Could not find model".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from larder.access.grants import Right
from larder.access.rules import UNRESTRICTED, Access
from larder.errors import LarderError, ResourceInUse, ValidationError
from larder.groups.listing import Ask, Page
from larder.groups.names import Home
from larder.models.lists import ItemCriteria, ItemOrder, page_of
from larder.models.names import arn_of, name_of_arn
from larder.models.package_log import Journal
from larder.models.registry import Items
from larder.models.registry_items import Item, Tags
from larder.models.tag_rules import MAX_TAGS, item_tag_problems
from larder.problems import refuse

Entry = TypeVar("Entry", bound=Item)
_TRIES = 5


@dataclass(frozen=True, slots=True)
class ManagedItems(Generic[Entry]):
    """The items of one kind, for a caller; ``journal`` writes down changes of packages and groups.

    Every method raises ``AccessForbidden`` where the caller lacks the right that it needs.
    """

    items: Items[Entry]
    home: Home
    journal: Journal
    access: Access = UNRESTRICTED

    def arn(self, name: str) -> str:
        """The ARN of the item of that name."""
        return arn_of(self.home, self.items.kind, name)

    def get(self, name: str, right: Right = Right.SEE) -> Entry:
        """The item of that name, on which the caller needs ``right``.

        Raises:
            ValidationError: it does not exist.
        """
        item, words = self.items.get(name), self.items.kind.words
        self.access.check(right, name, item, kind=words)
        if item is None:
            raise self._absent(name)
        return item

    def check_new(self, name: str, tags: Tags) -> None:
        """Nothing where the caller may create an item of that name with those tags.

        Raises:
            ValidationError: the name is taken, or a tag is refused.
        """
        self.access.check_create(kinds=f"{self.items.kind.words}s")
        refuse(item_tag_problems(self.items.kind, tags))
        if self.items.get(name) is not None:
            raise self._taken(name)

    def create(self, item: Entry) -> Entry:
        """Store a new item.

        Raises:
            ValidationError: the name is taken, or the caller could not administer the item.
        """
        self.access.check_hold(item, kind=self.items.kind.words)
        try:
            self.items.create(item, self.journal.entries(None, item))
        except ResourceInUse as error:
            raise self._taken(item.name) from error
        return item

    def change(
        self, name: str, change: Callable[[Entry], Entry], right: Right = Right.ADMIN
    ) -> Entry:
        """Store what ``change`` makes of an item; it is called again if another came first.

        Raises:
            ValidationError: it does not exist, or the caller could not administer it any more.
            ResourceInUse: another change came first, five times in a row.
        """
        for attempt in range(1, _TRIES + 1):
            item = self.get(name, right)
            changed = change(item)
            if changed is item:
                return item
            self.access.check_hold(changed, kind=self.items.kind.words)
            changed = self.journal.stamped(item, changed)
            try:
                return self.items.replace(changed, self.journal.entries(item, changed))
            except ResourceInUse:
                if attempt == _TRIES:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def delete(self, name: str) -> Entry:
        """Remove an item at once, whatever uses it: an endpoint has all that it serves from.

        Raises:
            ValidationError: it does not exist.
        """
        item = self.get(name, Right.ADMIN)
        self.items.remove(item, self.journal.entries(item, None))
        return item

    def page(self, by: ItemOrder, ask: Ask, criteria: ItemCriteria, under: str = "") -> Page[Entry]:
        """A page of the items that the caller may see, of those whose names begin with ``under``.

        Raises:
            ValidationError: the token is not one of this order.
        """
        return page_of(
            self.items.list(under),
            by,
            ask,
            lambda item: criteria.admits(item) and self.access.may(Right.SEE, item),
        )

    def visible(self) -> Iterator[Entry]:
        """The items that the caller may see."""
        return (each for each in self.items.list() if self.access.may(Right.SEE, each))

    def tags(self, arn: str) -> Tags:
        """The tags of the item of that ARN, in the order they were first added."""
        return self.get(name_of_arn(self.home, arn)).tags

    def add_tags(self, arn: str, tags: Tags) -> Tags:
        """Add tags, over those of the same key, and return all.

        Raises:
            ValidationError: a tag is refused, or there would be more than 50.
        """
        refuse(item_tag_problems(self.items.kind, tags))

        def add(item: Entry) -> Entry:
            changed = {**dict(item.tags), **dict(tags)}
            if len(changed) > MAX_TAGS:
                raise ValidationError(
                    f"The {self.items.kind.words} {item.name} would have {len(changed)} tags: "
                    f"{MAX_TAGS} are allowed. Delete some by DeleteTags."
                )
            return self._tagged(item, tuple(changed.items()))

        return self.change(name_of_arn(self.home, arn), add).tags

    def remove_tags(self, arn: str, keys: list[str]) -> None:
        """Remove the tags of these keys; keys that are not there change nothing."""
        self.change(
            name_of_arn(self.home, arn),
            lambda item: self._tagged(item, tuple(t for t in item.tags if t[0] not in keys)),
        )

    @staticmethod
    def _tagged(item: Entry, tags: Tags) -> Entry:
        return item if tags == item.tags else item.with_tags(tags)

    def _absent(self, name: str) -> LarderError:
        return ValidationError(self.items.kind.absent(self.arn(name)))

    def _taken(self, name: str) -> LarderError:
        return ValidationError(self.items.kind.taken(self.arn(name)))
