"""The answer "customers of a telecom company" to the question what a company has."""

from django.urls import reverse

from companies.beginnings import Beginning
from companies.identity import Member


def telecom_customers(member: Member) -> Beginning:
    return Beginning(
        title="Customers of a telecom company",
        text="Five models are trained already: send your customers, and in a minute you read who is about "
        "to leave.",
        needs="One row per customer, with tenure, contract, services and charges.",
        url=reverse("predictions:new", args=(member.portal,)),
        action="Predict at once",
        sample_url=reverse("predictions:sample", args=(member.portal,)),
        sample="Sample file with 200 customers",
    )
