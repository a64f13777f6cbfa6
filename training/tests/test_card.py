"""What the card of a retrained version tells of its making."""

import pytest
from django.urls import reverse

from registry.selectors import lineage_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(retrained, labelled):
    retrained(labelled(seed=21), filename="spring.csv")
    return retrained(
        labelled(seed=22, prefix="M"), filename="summer.csv", reason="Summer was strange"
    ).version


def test_the_card_says_why_it_was_made_and_links_the_comparison(second, company, as_developer):
    page = as_developer.get(reverse("registry:version", args=("dev", second.pk))).content.decode()

    run = second.training_run
    assert "Summer was strange" in page
    assert run.comparison["sentence"] in page
    assert reverse("training:run", args=(run.uuid,)) in page
    # Each table once, the nearest first, with a page of its own.
    names = [dataset.name for dataset in lineage_of(second.training_dataset, company)]
    assert names == ["combinedDataset2", "uploadDataset2", "combinedDataset1", "uploadDataset1", "DatasetA"]
    for dataset in lineage_of(second.training_dataset, company):
        assert page.count(dataset.sha256) == 1
    assert reverse("training:dataset", args=(run.upload_dataset.pk,)) in page


def test_the_card_of_a_default_says_nothing_of_a_retraining(default_versions, as_developer):
    default = default_versions["decision_tree"]

    page = as_developer.get(reverse("registry:version", args=("dev", default.pk))).content.decode()

    assert "Why it was made" not in page
    assert page.count(default.training_dataset.sha256) == 1


def test_before_it_is_deployed_it_is_judged_on_the_customers_of_its_retraining(
    retrained, labelled, as_developer
):
    version = retrained(labelled()).version

    page = as_developer.get(reverse("registry:deploy", args=(version.pk,)))

    pair = version.training_run.comparison["pairs"][0]
    comparison = page.context["comparison"]
    assert page.context["compared_with"] == pair["name"]
    assert (comparison.verdict, comparison.sentence) == (pair["verdict"], pair["sentence"])
    assert [row["difference"] for row in comparison.rows] == [
        row["difference"] for row in pair["differences"]
    ]
    # Ten figures are ten looks; the one that decides was chosen beforehand.
    assert [row["name"] for row in comparison.rows if row["verdict"]] == ["Brier score"]
    assert {row["better"] for row in comparison.rows if not row["verdict"]} == {None}
    assert "churners" not in page.context
    filled = 'class="btn primary"' in page.content.decode()
    assert filled == (pair["verdict"] == "better")
