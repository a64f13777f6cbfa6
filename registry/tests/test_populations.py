"""A customer base is made, described and put away, and never contradicts itself."""

import json
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse

from companies.models import AuditEvent
from ml.matrix.telco import TELCO_V1
from registry.artefacts import stem_of
from registry.models import ModelDeployment, ModelVersion, Population
from registry.selectors import (
    champion_of,
    find_version,
    population_for,
    populations_of,
    serving_at,
    telecom_base,
)
from registry.services.deployments import deploy_version, roll_back
from registry.services.populations import (
    AlreadyArchived,
    BaseStays,
    MayNotChangeBase,
    NameTaken,
    PopulationRefused,
    SchemaIsFrozen,
    VersionsOfOtherBase,
    archive_population,
    change_population,
    create_population,
    purchases_of,
)
from registry.services.shadows import record_shadow_run
from registry.tests.factories import (
    NOON,
    DatasetFactory,
    ModelDeploymentFactory,
    ModelMetricsFactory,
    ModelVersionFactory,
    PopulationFactory,
)

pytestmark = pytest.mark.django_db

ROLES = {"id": "customerID", "outcome": "Churn", "left": "Yes", "value": "MonthlyCharges"}


def make(company, developer, **options):
    wanted = {
        "name": "Gym members",
        "kind": "SNAPSHOT",
        "schema": TELCO_V1.to_dict(),
        "roles": ROLES,
        "definition": {"column": "Churn"},
    }
    return create_population(company=company, by=developer, at=NOON, **wanted | options)


# --- Made and described ----------------------------------------------------------------------------------


def test_a_base_is_made_and_audited(company, developer):
    base = make(company, developer, currency="EUR")

    assert base in populations_of(company)
    assert population_for(company, base.uuid) == base
    assert base.features == TELCO_V1
    assert not base.deploys_after_training
    assert AuditEvent.objects.get(action="population-created").actor == developer


def test_the_base_of_the_installation_is_everybodys(company, other_company):
    assert telecom_base() in populations_of(company)
    assert telecom_base() in populations_of(other_company)
    assert telecom_base().value_column == "MonthlyCharges"


def test_a_base_of_others_is_not_found(company, other_company):
    base = PopulationFactory(company=company)

    for uuid in (base.uuid, "no uuid"):
        with pytest.raises(Population.DoesNotExist):
            population_for(other_company, uuid)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"roles": ROLES | {"outcome": "tenure"}}, "roles"),
        ({"roles": ROLES | {"id": "Churn"}}, "roles"),
        ({"roles": ROLES | {"left": "No"}}, "roles"),
        ({"roles": ROLES | {"value": "Contract"}}, "roles"),
        ({"roles": ROLES | {"colour": "Contract"}}, "roles"),
        ({"schema": {"name": "broken"}}, "schema"),
        ({"slices": ["gender"]}, "slices"),
        ({"wording": {"tenure": "months"}}, "wording"),
        ({"policies": {"promotion": "always"}}, "policies"),
        ({"policies": {"threshold": 2}}, "policies"),
        ({"policies": {"risk_tiers": "none"}}, "policies"),
        ({"currency": "a long currency"}, "currency"),
        ({"kind": "PICTURES"}, "kind"),
        ({"name": "  "}, "name"),
        ({"kind": "LOG"}, "schema"),
    ],
)
def test_what_contradicts_itself_is_refused(company, developer, changes, field):
    with pytest.raises(PopulationRefused) as refused:
        make(company, developer, **changes)

    assert refused.value.field == field
    assert not company.populations.exists()


def test_a_name_is_taken_once_in_a_company_whatever_its_case(company, other_company, developer):
    make(company, developer)
    PopulationFactory(company=other_company, name="Gym members")

    with pytest.raises(NameTaken, match="GYM members"):
        make(company, developer, name="GYM members")


def test_only_who_answers_for_it_changes_a_base(company, developer, user, stranger):
    base = make(company, developer)

    for other in (user, stranger):
        with pytest.raises(MayNotChangeBase):
            change_population(population=base, currency="USD", by=other, at=NOON)


def test_columns_are_frozen_with_the_first_version(company, developer):
    base = make(company, developer)
    shorter = TELCO_V1.to_dict() | {"numeric": TELCO_V1.to_dict()["numeric"][1:]}
    base = change_population(population=base, schema=shorter, by=developer, at=NOON)
    ModelVersionFactory(company=company, population=base)

    with pytest.raises(SchemaIsFrozen, match="new customer base"):
        change_population(population=base, schema=TELCO_V1.to_dict(), by=developer, at=NOON)
    base = change_population(population=base, wording={"Contract": {"label": "Plan"}}, by=developer, at=NOON)

    assert base.label_of("Contract") == "Plan"
    assert base.label_of("Partner") == "Partner"
    assert AuditEvent.objects.filter(action="population-changed").count() == 2


def test_an_archived_base_is_offered_no_more(company, developer, operator):
    base = make(company, developer)

    archive_population(population=base, by=developer, at=NOON)

    assert base not in populations_of(company)
    with pytest.raises(AlreadyArchived):
        archive_population(population=base, by=developer, at=NOON)
    with pytest.raises(BaseStays):
        archive_population(population=telecom_base(), by=operator, at=NOON)


def test_purchases_have_one_base_made_with_the_first_log(company):
    base = purchases_of(company=company, at=NOON)

    assert (base.name, base.kind, base.deploys_after_training) == ("Purchases", "LOG", True)
    assert purchases_of(company=company, at=NOON) == base


# --- One champion for each base --------------------------------------------------------------------------


@pytest.fixture
def base(company):
    return PopulationFactory(company=company, name="Purchases")


def test_each_base_has_a_champion_and_goes_back_by_itself(company, base, default_of_telecom):
    telecom = ModelVersionFactory(company=company, number=2)
    earlier, later = (ModelVersionFactory(company=company, population=base, number=n) for n in (1, 2))
    for version in (telecom, earlier, later):
        deploy_version(version=version, company=company, by=None, reason="Better.", at=NOON)

    assert champion_of(company, telecom_base()).model == telecom
    assert champion_of(company, base).model == later
    done = roll_back(company=company, population=base, by=None, reason="Worse.", at=NOON)

    assert (done.withdrawn, done.champion) == (later, earlier)
    assert champion_of(company, telecom_base()).model == telecom
    assert {(found.version, found.population) for found in serving_at(company, NOON)} == {
        (telecom, telecom_base()),
        (earlier, base),
    }
    # One ledger, whichever base a line is about.
    assert list(company.deployment_events.order_by("sequence").values_list("sequence", flat=True)) == list(
        range(1, company.deployment_events.count() + 1)
    )


@pytest.fixture
def default_of_telecom():
    return ModelVersionFactory(default=True)


def test_numbers_and_files_of_two_bases_do_not_meet(company, base):
    ours, theirs = (
        ModelVersionFactory(company=company, number=2, **options) for options in ({}, {"population": base})
    )

    assert (
        find_version(company=company, model_type="neural_network", number=2, population=telecom_base())
        == ours
    )
    assert find_version(company=company, model_type="neural_network", number=2, population=base) == theirs
    assert stem_of(ours) == f"models/retrained_models/{company.pk}/neural_network_v2"
    assert stem_of(theirs) == f"models/retrained_models/{company.pk}/{base.uuid}/neural_network_v2"


def test_the_database_holds_one_champion_and_one_number_in_a_base(company, base):
    champion = {"role": "CHAMPION", "champion_slot": True}
    first = ModelDeploymentFactory(model=ModelVersionFactory(company=company, population=base), **champion)

    with pytest.raises(IntegrityError), transaction.atomic():
        ModelDeploymentFactory(model=ModelVersionFactory(company=company, population=base), **champion)
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersionFactory(company=company, population=base, number=first.model.number)


def test_the_database_lets_no_version_leave_its_base(company, base, other_company):
    deployment = ModelDeploymentFactory(model=ModelVersionFactory(company=company, population=base))
    foreign = PopulationFactory(company=other_company)

    attempts = (
        lambda: ModelVersionFactory(company=company, population=foreign),
        lambda: ModelVersionFactory(default=True, population=base),
        lambda: ModelVersion.objects.filter(pk=deployment.model_id).update(population=telecom_base()),
        lambda: ModelDeployment.objects.filter(pk=deployment.pk).update(population=telecom_base()),
        lambda: ModelDeploymentFactory(
            model=ModelVersionFactory(company=company), population=base, is_active=False, active_slot=None
        ),
        lambda: Population.objects.filter(pk=base.pk).update(company=other_company),
    )
    for attempt in attempts:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


def test_the_installation_has_one_base():
    with pytest.raises(IntegrityError), transaction.atomic():
        Population.objects.create(name="Second", kind="SNAPSHOT", installation_slot="installation")
    with pytest.raises(IntegrityError), transaction.atomic():
        Population.objects.create(name="Nobody's", kind="SNAPSHOT")


def test_a_company_is_erased_with_its_bases(company, base):
    ModelDeploymentFactory(model=ModelVersionFactory(company=company, population=base))

    company.delete()

    assert list(Population.objects.all()) == [telecom_base()]


def test_versions_of_two_bases_are_not_compared(company, base):
    challenger = ModelDeploymentFactory(
        model=ModelVersionFactory(company=company, population=base), role="CHALLENGER", challenger_slot=True
    )

    with pytest.raises(VersionsOfOtherBase, match="different customer bases"):
        record_shadow_run(
            challenger=challenger, compared_with=ModelVersionFactory(company=company), batch=uuid4(),
            batch_name="March", figures={}, failure="None.", at=NOON,
        )  # fmt: skip


# --- In the admin ----------------------------------------------------------------------------------------


def test_operators_read_what_serves_each_base_and_how_fresh_it_is(company, as_operator):
    base = PopulationFactory(company=company, name="Gym", snapshot=True)
    DatasetFactory(company=company, population=base, row_count=900)
    model = ModelVersionFactory(company=company, population=base)
    ModelDeploymentFactory(model=model, role=ModelDeployment.Role.CHAMPION, champion_slot=True)

    page = as_operator.get(reverse("admin:registry_population_changelist")).content.decode()

    assert "Customer bases" in page
    assert f'<td class="field-champion">{model}</td><td class="field-customers">900</td>' in page


def test_operators_read_and_describe_a_base(company, base, as_operator):
    page = as_operator.get(reverse("admin:registry_population_change", args=[base.pk])).content.decode()
    listed = reverse("admin:registry_population_changelist")
    sent = {
        "action": "describe_anew", "_selected_action": [base.pk], "confirmed": "1", "currency": "EUR",
        "wording": "{}", "slices": "[]",
        "policies": '{"risk_tiers": "segments_v2", "threshold": null, "promotion": "by_hand"}',
    }  # fmt: skip

    as_operator.post(listed, sent)
    base.refresh_from_db()

    assert "&quot;promotion&quot;: " in page
    assert (base.currency, base.deploys_after_training) == ("EUR", False)

    as_operator.post(
        listed, {"action": "archive", "_selected_action": [base.pk], "confirmed": "1", "reason": "Sold."}
    )
    base.refresh_from_db()

    assert base.is_archived


def test_operators_are_warned_of_a_threshold_that_would_name_too_many(default_of_telecom, as_operator):
    ModelMetricsFactory(model=default_of_telecom)
    base, listed = telecom_base(), reverse("admin:registry_population_changelist")
    sent = {
        "action": "describe_anew", "_selected_action": [base.pk], "confirmed": "1",
        "currency": base.currency, "wording": json.dumps(base.wording), "slices": json.dumps(base.slices),
    }  # fmt: skip

    told = [
        as_operator.post(
            listed, sent | {"policies": json.dumps(base.policies | {"threshold": threshold})}, follow=True
        ).content.decode()
        for threshold in (0.1, 0.4)
    ]

    said = "names more than twice as many customers as leave: about 1,287 of the 1,287 customers that"
    assert [said in page for page in told] == [True, False]


def test_features_of_purchases_have_words_that_a_base_may_change():
    shop = Population(kind=Population.Kind.LOG, wording={"total_lifetime_spend": {"label": "revenue"}})

    assert shop.label_of("percentile_rank_by_spend") == "percent of the training's customers who spend less"
    assert shop.label_of("total_lifetime_spend") == "revenue"
    assert Population(kind=Population.Kind.SNAPSHOT).label_of("tenure_days") == "tenure_days"
