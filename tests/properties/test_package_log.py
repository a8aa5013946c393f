"""The log of model packages against an oracle, and aliases under racers."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from larder.errors import ConflictException, ResourceInUse
from larder.models.manage_package_groups import GroupSpec
from larder.models.package_items import Approval
from larder.models.package_log import states
from larder.models.package_specs import PackageSpec, PackageUpdate
from tests.support.groups import HOME
from tests.support.model_registry import model_catalog

ARN = f"arn:aws:sagemaker:{HOME.region}:{HOME.account_id}:model-package-group/Churn"
ALIASES = ("champion", "challenger")


def what_is_so(catalog):
    """Approvals by version, and aliases, of what is stored now."""
    group = catalog.registry.groups.get("Churn")
    found = {(each.version, "approval"): each.approval for each in catalog.registry.packages.list()}
    return found | {(0, f"alias:{name}"): str(a.version) for name, a in group.aliases.items()}


def what_was_so(catalog, at):
    return {
        (version, what): change.after
        for version, known in states(catalog.groups.log("Churn", at)).items()
        for what, change in known.items()
        if what == "approval" or what.startswith("alias:")
    }


def _step(catalog, source):
    versions = [each.version for each in catalog.registry.packages.list()]
    match source.choice(("register", "judge", "judge", "alias", "alias", "drop", "delete")):
        case "register":
            catalog.packages.create(PackageSpec(group="Churn"))
        case "judge" if versions:
            update = PackageUpdate(approval=source.choice(list(Approval)), reason="so")
            catalog.packages.update(f"Churn/{source.choice(versions)}", update)
        case "alias" if versions:
            tag = (f"larder:alias:{source.choice(ALIASES)}", str(source.choice(versions)))
            catalog.groups.items.add_tags(ARN, (tag,))
        case "drop":
            catalog.groups.items.remove_tags(ARN, [f"larder:alias:{source.choice(ALIASES)}"])
        case "delete" if len(versions) > 5:
            with suppress(ConflictException):  # an alias is of it
                catalog.packages.delete(f"Churn/{source.choice(versions)}")


@pytest.mark.parametrize("seed", range(3))
def test_the_log_knows_what_was_so_after_each_of_a_thousand_changes(seed):
    """Rows 92 and R5. The clock stops and goes back: the order of changes is kept."""
    source, catalog = random.Random(seed), model_catalog()
    catalog.groups.create(GroupSpec(name="Churn"))
    seen = []
    for _ in range(1000):
        catalog.clock.now += source.choice((0, 1, 5))
        _step(catalog, source)
        last = max(entry.at for entry in catalog.groups.log("Churn"))
        catalog.clock.now = max(catalog.clock.now, last)
        seen.append((last, what_is_so(catalog)))

    newest = dict(seen)  # of changes of one instant the last counts
    for at in source.sample(sorted(newest), 50):
        assert what_was_so(catalog, at) == newest[at]
    assert what_was_so(catalog, None) == what_is_so(catalog)


def test_of_fifty_who_move_an_alias_from_the_same_version_one_wins():
    """Row 91 and R4."""
    catalog = model_catalog()
    catalog.groups.create(GroupSpec(name="Churn"))
    for _ in range(51):
        catalog.packages.create(PackageSpec(group="Churn"))
    catalog.groups.items.add_tags(ARN, (("larder:alias:champion", "51"),))

    def race(version):
        try:
            tag = ("larder:alias:champion", f"{version} from 51")
            catalog.groups.items.add_tags(ARN, (tag,))
        except (ConflictException, ResourceInUse):
            return None
        return version

    with ThreadPoolExecutor(16) as pool:
        winners = [each for each in pool.map(race, range(1, 51)) if each]
    assert len(winners) == 1
    assert what_is_so(catalog)[0, "alias:champion"] == str(winners[0])
    moves = [
        (change.before, change.after)
        for entry in catalog.groups.log("Churn")
        for change in entry.changes
        if change.what == "alias:champion"
    ]
    assert moves == [(None, "51"), ("51", str(winners[0]))]


def test_fifty_registrations_at_once_have_versions_of_their_own():
    """Row 83."""
    catalog = model_catalog()
    catalog.groups.create(GroupSpec(name="Churn"))
    with ThreadPoolExecutor(16) as pool:
        made = list(
            pool.map(lambda _: catalog.packages.create(PackageSpec(group="Churn")), range(50))
        )

    assert sorted(each.version for each in made) == list(range(1, 51))
    assert len(list(catalog.registry.packages.list("Churn/"))) == 50
