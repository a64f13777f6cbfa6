"""What purchase logs say of a customer base: which was the latest, and that a newer one can follow."""

from django.urls import reverse

from companies.identity import Member
from registry.models import Population
from registry.presenting.bases import Step
from transactions.selectors import analyses_for


def log_steps(member: Member, base: Population) -> list[Step]:
    if not base.is_log:
        return []
    latest = analyses_for(member).defer("profile", "preview").filter(population=base).first()
    if latest is None:
        url = reverse("transactions:new", args=(member.portal,))
        return [Step(20, "It has no purchases yet.", "Add a purchase log", url)]
    url = reverse("transactions:analysis", args=(member.portal, latest.pk))
    return [
        Step(20, f"{latest} is the latest log. What can be done with it stands on its page.", "Open it", url)
    ]
