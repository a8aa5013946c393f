"""Search: an expression of filters over feature groups or features.

Where AWS's documentation is silent: texts are compared with their letter case; a property with
several values (``AllTags``, features of a group) fits where one of them does, and ``NotEquals``
where none is equal; an expression without filters fits everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from larder.errors import ValidationError
from larder.groups.api.search_values import TIMES, Record, check_property, comparison, values_of
from larder.groups.listing import Order, Page, SortKey, cut

Members = dict[str, Any]
Test = Callable[[Record], bool]
_MOST_FILTERS = 50
_LISTS = ("FeatureDefinitions",)


@dataclass(frozen=True, slots=True)
class Query:
    """A Search request, checked: what to find, how to order it, which page of it."""

    resource: str
    test: Test
    order: Order
    size: int
    token: str | None

    def page(self, records: Iterable[Record]) -> Page[Record]:
        """The page of those records that fit."""
        found = ((self._key(it), _identity(it), it) for it in records if self.test(it))
        return cut(found, self.order, size=self.size, token=self.token)

    def _key(self, record: Record) -> SortKey:
        values = values_of(record, self.resource, self.order.name)
        if self.order.name in TIMES:
            return round(float(values[0]) * 1000)
        return str(values[0]) if values else ""


def read_query(members: Members) -> Query:
    """The query that a Search request asks.

    Raises:
        ValidationError: it asks for what Larder does not search, or for what makes no sense.
    """
    resource = members["Resource"]
    if resource not in {"FeatureGroup", "FeatureMetadata"}:
        raise ValidationError(
            f"Resource {resource} is not served: this endpoint searches FeatureGroup and "
            "FeatureMetadata."
        )
    if members.get("CrossAccountFilterOption") == "CrossAccount":
        raise ValidationError("CrossAccountFilterOption: groups of other accounts are not here.")
    if "VisibilityConditions" in members:
        raise ValidationError("VisibilityConditions are not served; filter on Tags.<key> instead.")
    expression = members.get("SearchExpression") or {}
    if _count(expression) > _MOST_FILTERS:
        raise ValidationError(f"SearchExpression has more than {_MOST_FILTERS} filters in all.")
    sort_by = members.get("SortBy", "LastModifiedTime")
    check_property(resource, sort_by)
    descending = members.get("SortOrder", "Descending") == "Descending"
    return Query(
        resource=resource,
        test=_expression(expression, resource),
        order=Order(name=sort_by, descending=descending),
        size=members.get("MaxResults", 100),
        token=members.get("NextToken"),
    )


def _expression(expression: Members, resource: str) -> Test:
    tests = [_filter(each, resource) for each in expression.get("Filters") or []]
    tests += [_nested(each, resource) for each in expression.get("NestedFilters") or []]
    tests += [_expression(each, resource) for each in expression.get("SubExpressions") or []]
    if not tests:
        return lambda _: True
    combine = any if expression.get("Operator") == "Or" else all
    return lambda record: combine(test(record) for test in tests)


def _filter(members: Members, resource: str) -> Test:
    name = members["Name"]
    check_property(resource, name)
    operator = members.get("Operator") or "Equals"
    test = comparison(name, operator, members.get("Value"))
    return lambda record: test(values_of(record, resource, name))


def _nested(members: Members, resource: str) -> Test:
    """All filters have to fit one and the same element of a list."""
    name = members["NestedPropertyName"]
    if resource != "FeatureGroup" or name not in _LISTS:
        raise ValidationError(
            f"NestedPropertyName {name[:100]!r} is not a list of a {resource}: a FeatureGroup has "
            f"{', '.join(_LISTS)}."
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


def _identity(record: Record) -> str:
    return f"{record['FeatureGroupName']}/{record.get('FeatureName', '')}"
