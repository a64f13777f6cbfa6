from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from companies.access import member_required
from jobs.selectors import jobs_for
from jobs.services import request_cancel


@require_GET
@never_cache
@member_required
def progress(request, job_id):
    job = get_object_or_404(jobs_for(request.member), pk=job_id)
    if not request.htmx:
        return render(request, "jobs/job.html", {"job": job})
    response = render(request, "jobs/_progress.html", {"job": job})
    if job.has_ended:
        # The page around the bar now shows the result, or why there is none.
        response["HX-Refresh"] = "true"
    return response


@require_POST
@member_required
def cancel(request, job_id):
    job = get_object_or_404(jobs_for(request.member), pk=job_id)

    job = request_cancel(job=job, by=request.user, at=timezone.now())

    if request.htmx:
        return render(request, "jobs/_progress.html", {"job": job})
    messages.success(
        request, f"“{job}” {'was cancelled' if job.has_ended else 'will stop at its next step'}."
    )
    return redirect(_page_with_the_bar(request, job))


def _page_with_the_bar(request, job):
    page = request.META.get("HTTP_REFERER", "")
    if url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
        return page
    return reverse("jobs:progress", kwargs={"portal": request.member.portal, "job_id": job.pk})
