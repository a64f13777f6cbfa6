"""The answer "a table of customers of your own" to the question what a company has."""

from django.urls import reverse

from companies.beginnings import Beginning
from companies.identity import Member
from companies.models import Company
from core.memory import once_per_page


def own_customers(member: Member) -> Beginning:
    return Beginning(
        title="A table of customers of your own",
        text="A model learns from your own columns, whatever they are called, and you see how good it is "
        "before anybody uses it.",
        needs="One row per customer, and a column that says who left.",
        url=reverse("training:new_base"),
        action="Bring your table",
        sample_url=reverse("training:base_sample"),
        sample="Sample file with 800 members of a gym",
    )


@once_per_page
def has_trained(company: Company) -> bool:
    return company.training_runs.of_customers().exists()
