"""What purchase logs say of a customer base: which was the latest, and that a newer one can follow."""

from django.urls import reverse

from companies.identity import Member
from companies.models import Company
from registry.models import Population
from registry.presenting.bases import Step
from registry.selectors import champion_for, log_bases
from transactions.presenting.days import write_day
from transactions.selectors import analyses_for, latest_log_of


def bases_with_words(company: Company) -> list[tuple[Population, str]]:
    """Return the bases of purchases of `company`, each with words by which people know it."""
    return [(base, _words(base, latest_log_of(company, base))) for base in log_bases(company)]


def _words(base, latest):
    return f"Customers of {base}, as in “{latest}”" if latest else f"Customers of {base}"


def log_steps(member: Member, base: Population) -> list[Step]:
    if not base.is_log:
        return []
    latest = latest_log_of(member.company, base)
    if latest is not None:
        url = reverse("transactions:analysis", args=(member.portal, latest.pk))
        end = write_day(latest.import_report["last_at"])
        told = f"{latest} is the latest log: it ends on {end}. {_what_it_waits_for(member, base)}"
        return [Step(20, told, "Open it", url)]
    waiting = analyses_for(member).defer("profile", "preview").filter(population=base).first()
    if waiting is None:
        url = f"{reverse('transactions:new', args=(member.portal,))}?base={base.uuid}"
        return [Step(20, "It has no purchases yet.", "Add a purchase log", url)]
    url = reverse("transactions:analysis", args=(member.portal, waiting.pk))
    return [Step(20, f"{waiting} is not read yet. What it waits for stands on its page.", "Open it", url)]


def _what_it_waits_for(member, base):
    if member.is_developer or champion_for(member, base):
        return "What can be done with it stands on its page."
    return f"No model serves {base} yet: the developer of {member.company} trains and deploys one."
