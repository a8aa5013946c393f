"""Search: an expression of filters over feature groups or features.

Where AWS's documentation is silent: texts are compared with their letter case; a property with
several values (``AllTags``, features of a group) fits where one of them does; its ``NotEquals``
fits where no value is equal; an expression without filters fits everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from larder.errors import ValidationError
from larder.groups.api.answers import present
from larder.groups.api.search_values import (
    GROUP,
    METADATA,
    Record,
    Searchable,
    check_property,
    comparison,
    values_of,
)
from larder.groups.listing import Ask, Named, Order, Page, Total, any_name, take

Members = dict[str, Any]
Test = Callable[[Record], bool]
_MOST_FILTERS = 50
_NAME = "FeatureGroupName"


@dataclass(frozen=True, slots=True)
class Query:
    """A Search request, checked: what to find, how to order it, which page of it.

    ``finds_all`` where the expression has no filters; what it finds is in ``named`` groups.
    """

    resource: Searchable
    test: Test
    finds_all: bool
    named: Named
    sort_by: str
    ask: Ask

    def admits(self, record: Callable[[], Record]) -> bool:
        """Whether the expression finds a record, which is made only where it is looked at."""
        return self.finds_all or self.test(record())

    def page(self, records: Iterable[Record]) -> Page[Record]:
        """The page of those of all records that are found, in an order that nothing keeps.

        Each page sorts all of them. Only the orders that the registry keeps cost a page alone.
        """
        position, descending = self.ask.position(), self.ask.order.descending
        found = [(self._place(each), each) for each in records if self.finds_all or self.test(each)]
        found.sort(key=lambda each: each[0], reverse=descending)
        after = position.after
        rest = (
            each
            for each in found
            if after is None or (each[0] < after if descending else each[0] > after)
        )
        total = Total(len(found), exact=True)
        return take(rest, lambda _: True, self.ask, replace(position, total=total))

    def _place(self, record: Record) -> str:
        values = values_of(record, self.resource, self.sort_by)
        names = "/".join(str(record.get(each, "")) for each in self.resource.names)
        return f"{values[0] if values else ''}\0{names}"


def read_query(members: Members, resources: Sequence[Searchable] = (GROUP, METADATA)) -> Query:
    """The query that a Search request asks about one of the resources.

    Raises:
        ValidationError: it asks for what Larder does not search, or for what makes no sense.
    """
    resource = _refuse_unserved(members, resources)
    expression = members.get("SearchExpression") or {}
    sort_by = members.get("SortBy", "LastModifiedTime")
    check_property(resource, sort_by)
    descending = members.get("SortOrder", "Descending") == "Descending"
    return Query(
        resource=resource,
        test=_expression(expression, resource),
        finds_all=not _count(expression),
        named=_named(expression),
        sort_by=sort_by,
        ask=Ask(
            order=Order(name=f"{resource.name}.{sort_by}", descending=descending),
            size=members.get("MaxResults", 100),
            token=members.get("NextToken"),
            counting=True,
        ),
    )


def search_answer(page: Page[Record], result: Callable[[Record], Members]) -> Members:
    """Search's answer of a page; ``result`` makes a record a result."""
    relation = "EqualTo" if page.total.exact else "GreaterThanOrEqualTo"
    return present(
        {
            "Results": [result(record) for record in page.entries],
            "NextToken": page.next_token,
            "TotalHits": {"Value": page.total.value, "Relation": relation},
        }
    )


def _refuse_unserved(members: Members, resources: Sequence[Searchable]) -> Searchable:
    """The resource that is asked about."""
    named = {each.name: each for each in resources}
    resource = named.get(members["Resource"])
    if resource is None:
        *most, last = named
        raise ValidationError(
            f"Resource {members['Resource']} is not served: this endpoint searches "
            f"{', '.join(most)} and {last}."
        )
    if members.get("CrossAccountFilterOption") == "CrossAccount":
        raise ValidationError("CrossAccountFilterOption: groups of other accounts are not here.")
    if "VisibilityConditions" in members:
        raise ValidationError("VisibilityConditions are not served; filter on Tags.<key> instead.")
    expression = members.get("SearchExpression") or {}
    if _count(expression) > _MOST_FILTERS:
        raise ValidationError(f"SearchExpression has more than {_MOST_FILTERS} filters in all.")
    return resource


def _expression(expression: Members, resource: Searchable) -> Test:
    tests = [_filter(each, resource) for each in expression.get("Filters") or []]
    tests += [_nested(each, resource) for each in expression.get("NestedFilters") or []]
    tests += [_expression(each, resource) for each in expression.get("SubExpressions") or []]
    if not tests:
        return lambda _: True
    combine = any if expression.get("Operator") == "Or" else all
    return lambda record: combine(test(record) for test in tests)


def _named(expression: Members) -> Named:
    """Which groups' names an expression allows, as far as its own filters on the name say it."""
    filters = expression.get("Filters") or []
    if expression.get("Operator") == "Or" or not any(each["Name"] == _NAME for each in filters):
        return any_name
    tests = [
        comparison(_NAME, each.get("Operator") or "Equals", each.get("Value"))
        for each in filters
        if each["Name"] == _NAME
    ]
    return lambda name: all(test([name]) for test in tests)


def _filter(members: Members, resource: Searchable) -> Test:
    name = members["Name"]
    check_property(resource, name)
    operator = members.get("Operator") or "Equals"
    test = comparison(name, operator, members.get("Value"))
    return lambda record: test(values_of(record, resource, name))


def _nested(members: Members, resource: Searchable) -> Test:
    """All filters have to fit one and the same element of a list."""
    name = members["NestedPropertyName"]
    if name not in resource.lists:
        lists = ", ".join(resource.lists) or "no lists"
        raise ValidationError(
            f"NestedPropertyName {name[:100]!r} is not a list of a {resource.name}, which has "
            f"{lists}."
        )
    tests = [_filter(each, resource) for each in members["Filters"]]

    def fits(record: Record) -> bool:
        elements = record[name]
        assert isinstance(elements, list)  # noqa: S101 (our own answers)
        return any(all(test({name: [each]}) for test in tests) for each in elements)

    return fits


def _count(expression: Members) -> int:
    nested = sum(len(each["Filters"]) for each in expression.get("NestedFilters") or [])
    inner = sum(_count(each) for each in expression.get("SubExpressions") or [])
    return len(expression.get("Filters") or []) + nested + inner
