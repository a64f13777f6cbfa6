from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from companies.access import member_required
from core.charts import embed  # noqa: F401
from core.errors import DomainError
from transactions.churn_forms import ChurnForm
from transactions.profile_charts import churn_rates, gap_curve
from transactions.profile_findings import find_impact, list_choices, shown_impact
from transactions.services.configuration import configure_analysis
from transactions.services.profiling import NoProfile, impact_of
from transactions.views.analyses import when_read
