from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from companies.access import member_required
from core.redirects import page_before
from jobs.news import news_on
from jobs.notices import ask_for_mail, mark_seen, take_back_mail
from jobs.orders import request_cancel
from jobs.selectors import jobs_for, news_for


@require_safe
@never_cache
@member_required
def progress(request, job_id):
    job = get_object_or_404(jobs_for(request.member), pk=job_id)
    if not request.htmx:
        return render(request, "jobs/job.html", {"job": job})
    response = render(request, "jobs/_progress.html", {"job": job})
    if job.has_ended:
        mark_seen(jobs=[job], by=request.user, at=timezone.now())
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


@require_POST
@member_required
def mail(request, job_id):
    job = get_object_or_404(jobs_for(request.member), pk=job_id)

    if request.POST.get("wanted") == "no":
        take_back_mail(job=job, by=request.user)
        said = f"No mail is sent when “{job}” ends."
    else:
        ask_for_mail(job=job, by=request.user, at=timezone.now())
        said = f"A mail to {request.user.email} is sent when “{job}” ends."

    if request.htmx:
        return render(request, "jobs/_progress.html", {"job": job})
    messages.success(request, said)
    return redirect(_page_with_the_bar(request, job))


@require_safe
@never_cache
@member_required
def news(request):
    # The page that it stands on, so that it does not tell what the page itself does.
    page = request.GET.get("page", "")
    return render(request, "jobs/_news.html", {"section": news_on(request, page)})


@require_POST
@member_required
def seen(request):
    at = timezone.now()
    mark_seen(jobs=news_for(request.member, at=at).ended, by=request.user, at=at)
    if request.htmx:
        return render(request, "jobs/_news.html", {"section": news_on(request, "")})
    return redirect(
        page_before(request) or reverse("companies:home", kwargs={"portal": request.member.portal})
    )


def _page_with_the_bar(request, job):
    return page_before(request) or reverse(
        "jobs:progress", kwargs={"portal": request.member.portal, "job_id": job.pk}
    )
