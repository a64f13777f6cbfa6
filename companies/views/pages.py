"""The front page, the portal homes, and the page of those who wait."""

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from companies.access import caller_of, developer_required, member_of, member_required
from companies.adapter import home_of
from companies.beginnings import beginnings_for, has_begun
from companies.home import home_sections
from companies.selectors import approver_of, count_waiting, waiting_people
from companies.services.approval import remind_approver
from core.kept import kept


@require_safe
def landing(request):
    member = member_of(request)
    if member:
        return redirect("companies:home", portal=member.portal)
    return render(request, "pages/landing.html")


@kept
@require_safe
@member_required
def portal_home(request):
    member = request.member
    return render(
        request,
        "portal/home.html",
        {
            "waiting": _waiting(member),
            "sections": home_sections.for_page(member),
            "beginnings": _first_question(member),
        },
    )


def _waiting(member):
    if not member.is_developer or not count_waiting(member.company):
        return []
    return waiting_people(member.company)


def _first_question(member):
    """Return the answers to "What do you have?" while a company has nothing and somebody may begin."""
    return [] if not member.is_developer or has_begun(member.company) else beginnings_for(member)


@require_safe
@developer_required
def begin(request):
    """Ask the first question once more: what a company has may be of several kinds."""
    return render(request, "portal/begin.html", {"beginnings": beginnings_for(request.member)})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def waiting(request):
    member = caller_of(request).standing
    if member is None or member.approved:
        return redirect(home_of(request))
    if request.method == "POST":
        if not ratelimit.consume(request, action="remind_approver", user=request.user):
            return ratelimit.respond_429(request)
        remind_approver(row=member.row, at=timezone.now())
        messages.success(request, "We sent the mail again.")
        return redirect("companies:waiting")
    return render(request, "portal/waiting.html", {"standing": member, "approver": approver_of(member.row)})
