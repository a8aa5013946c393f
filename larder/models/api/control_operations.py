"""The control plane's operations on models and endpoints, as SageMaker's model has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from larder.access.grants import Right
from larder.errors import ValidationError
from larder.groups.api.answers import present, tag_list
from larder.groups.api.requests import tag_pairs
from larder.models.api import control_answers as answer
from larder.models.api import control_requests as read
from larder.models.api.package_operations import package_operations
from larder.models.catalog import AnyItems, ModelCatalog
from larder.models.manage_items import ManagedItems
from larder.models.names import kind_of_arn, name_of_arn
from larder.models.registry_items import Item, Kind
from larder.wire.json_rpc import Answer, Members, Operation

Summary = Callable[[Item, str], Answer]


def model_operations(catalog: ModelCatalog) -> dict[str, Operation]:
    """The operations on models, endpoints and model packages, by SageMaker's names."""
    operations = _ModelOperations(catalog)
    return {
        "CreateModel": operations.create_model,
        "DescribeModel": operations.describe_model,
        "ListModels": operations.list_models,
        "DeleteModel": operations.delete_model,
        "CreateEndpointConfig": operations.create_config,
        "DescribeEndpointConfig": operations.describe_config,
        "ListEndpointConfigs": operations.list_configs,
        "DeleteEndpointConfig": operations.delete_config,
        "CreateEndpoint": operations.create_endpoint,
        "DescribeEndpoint": operations.describe_endpoint,
        "ListEndpoints": operations.list_endpoints,
        "UpdateEndpoint": operations.update_endpoint,
        "UpdateEndpointWeightsAndCapacities": operations.weigh,
        "DeleteEndpoint": operations.delete_endpoint,
        **package_operations(catalog),
    }


def tag_operations(catalog: ModelCatalog, others: Mapping[str, Operation]) -> dict[str, Operation]:
    """AddTags, ListTags and DeleteTags for items of the catalog; ``others`` tag the rest."""
    own = _TagOperations(catalog)
    mine = {"AddTags": own.add, "ListTags": own.list, "DeleteTags": own.remove}
    return {name: _by_arn(operation, others[name]) for name, operation in mine.items()}


def item_tag_operations(
    items: ManagedItems[Any], others: Mapping[str, Operation]
) -> dict[str, Operation]:
    """The operations for items of one kind, by their names; ``others`` tag the rest."""
    own = _ItemTags(items)
    mine = {"AddTags": own.add, "ListTags": own.list, "DeleteTags": own.remove}
    return {name: own.by_arn(operation, others[name]) for name, operation in mine.items()}


def _by_arn(own: Operation, others: Operation) -> Operation:
    def tagging(members: Members) -> Answer:
        is_own = kind_of_arn(members["ResourceArn"]) is not None
        return own(members) if is_own else others(members)

    return tagging


@dataclass(frozen=True, slots=True)
class _ModelOperations:
    catalog: ModelCatalog

    def create_model(self, members: Members) -> Answer:
        model = self.catalog.models.create(read.model_spec(members))
        return {"ModelArn": self._arn(Kind.MODEL, model.name)}

    def describe_model(self, members: Members) -> Answer:
        model = self.catalog.models.items.get(members["ModelName"])
        return answer.described_model(model, self._arn(Kind.MODEL, model.name))

    def list_models(self, members: Members) -> Answer:
        return self._list(Kind.MODEL, members, "Models", answer.summarized_model)

    def delete_model(self, members: Members) -> Answer:
        self.catalog.models.items.delete(members["ModelName"])
        return None

    def create_config(self, members: Members) -> Answer:
        config = self.catalog.configs.create(read.config_spec(members))
        return {"EndpointConfigArn": self._arn(Kind.ENDPOINT_CONFIG, config.name)}

    def describe_config(self, members: Members) -> Answer:
        config = self.catalog.configs.items.get(members["EndpointConfigName"])
        return answer.described_config(config, self._arn(Kind.ENDPOINT_CONFIG, config.name))

    def list_configs(self, members: Members) -> Answer:
        return self._list(
            Kind.ENDPOINT_CONFIG, members, "EndpointConfigs", answer.summarized_config
        )

    def delete_config(self, members: Members) -> Answer:
        self.catalog.configs.items.delete(members["EndpointConfigName"])
        return None

    def create_endpoint(self, members: Members) -> Answer:
        endpoint = self.catalog.endpoints.create(read.endpoint_spec(members))
        return self._endpoint_arn(endpoint.name)

    def describe_endpoint(self, members: Members) -> Answer:
        endpoint = self.catalog.endpoints.get(members["EndpointName"])
        return answer.described_endpoint(endpoint, self._arn(Kind.ENDPOINT, endpoint.name))

    def list_endpoints(self, members: Members) -> Answer:
        return self._list(Kind.ENDPOINT, members, "Endpoints", answer.summarized_endpoint)

    def update_endpoint(self, members: Members) -> Answer:
        update = read.endpoint_update(members)
        return self._endpoint_arn(
            self.catalog.endpoints.update(members["EndpointName"], update).name
        )

    def weigh(self, members: Members) -> Answer:
        capacities = read.capacities(members)
        return self._endpoint_arn(
            self.catalog.endpoints.weigh(members["EndpointName"], capacities).name
        )

    def delete_endpoint(self, members: Members) -> Answer:
        self.catalog.endpoints.items.delete(members["EndpointName"])
        return None

    def _list(self, kind: Kind, members: Members, name: str, summary: Summary) -> Answer:
        page = self.catalog.items_of(kind).page(
            read.list_order(members),
            read.list_ask(members, of_endpoints=kind is Kind.ENDPOINT),
            read.list_criteria(members),
        )
        entries = [summary(each, self._arn(kind, each.name)) for each in page.entries]
        return present({name: entries, "NextToken": page.next_token})

    def _endpoint_arn(self, name: str) -> Answer:
        return {"EndpointArn": self._arn(Kind.ENDPOINT, name)}

    def _arn(self, kind: Kind, name: str) -> str:
        return self.catalog.items_of(kind).arn(name)


@dataclass(frozen=True, slots=True)
class _TagOperations:
    catalog: ModelCatalog

    def add(self, members: Members) -> Answer:
        arn, tags = members["ResourceArn"], tag_pairs(members["Tags"])
        name = name_of_arn(self.catalog.home, arn)
        if kind_of_arn(arn) is Kind.PACKAGE and "/" in name:
            raise ValidationError("Tags: a version has the tags of its group; tag the group.")
        if kind_of_arn(arn) is Kind.PACKAGE_GROUP:
            self.catalog.groups.items.get(name, Right.ADMIN)
            self.catalog.groups.check_aliases(name, tags)
        return {"Tags": tag_list(self._items(arn).add_tags(arn, tags))}

    def list(self, members: Members) -> Answer:
        """All at once: an item has no more tags than the smallest page."""
        if "NextToken" in members:
            raise ValidationError(
                "NextToken is not one that ListTags gave: it answers all tags at once."
            )
        arn = members["ResourceArn"]
        return {"Tags": tag_list(self._items(arn).tags(arn))}

    def remove(self, members: Members) -> Answer:
        arn = members["ResourceArn"]
        self._items(arn).remove_tags(arn, members["TagKeys"])
        return {}

    def _items(self, arn: str) -> AnyItems:
        kind = kind_of_arn(arn)
        if kind is None:
            raise ValueError(f"{arn}: not an item of the catalog")
        return self.catalog.items_of(kind)


@dataclass(frozen=True, slots=True)
class _ItemTags:
    items: ManagedItems[Any]

    def by_arn(self, own: Operation, others: Operation) -> Operation:
        def tagging(members: Members) -> Answer:
            is_own = kind_of_arn(members["ResourceArn"]) is self.items.items.kind
            return own(members) if is_own else others(members)

        return tagging

    def add(self, members: Members) -> Answer:
        tags = self.items.add_tags(members["ResourceArn"], tag_pairs(members["Tags"]))
        return {"Tags": tag_list(tags)}

    def list(self, members: Members) -> Answer:
        """All at once: an item has no more tags than the smallest page."""
        if "NextToken" in members:
            raise ValidationError(
                "NextToken is not one that ListTags gave: it answers all tags at once."
            )
        return {"Tags": tag_list(self.items.tags(members["ResourceArn"]))}

    def remove(self, members: Members) -> Answer:
        self.items.remove_tags(members["ResourceArn"], members["TagKeys"])
        return {}
