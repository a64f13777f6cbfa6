"""One change of a company after the other."""

from companies.models import Company


def lock_company(company_id: str) -> Company:
    """Hold a company until the end of the transaction, and return it as it is now."""
    return Company.objects.select_for_update().get(pk=company_id)
