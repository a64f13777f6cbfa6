"""The answer "purchases" to the question what a company has."""

from django.urls import reverse

from companies.beginnings import Beginning
from companies.identity import Member
from transactions.presenting.samples import GOOD


def purchases(member: Member) -> Beginning:
    sample = GOOD[0]
    return Beginning(
        title="Purchases, one row each",
        text="You read who comes back and who does not, agree when a customer counts as lost, and a model "
        "learns from that.",
        needs="One row per purchase or line of a bill: who, when, and for how much. Or one row per visit.",
        url=reverse("transactions:new", args=(member.portal,)),
        action="Analyse a purchase log",
        sample_url=reverse("transactions:sample", args=(member.portal, sample.name)),
        sample=f"Sample: {sample.title.partition(':')[0].lower()}",
    )
