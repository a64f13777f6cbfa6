"""The developer's pages: who is in, who waits, how people join, and handing the role over."""

from django.contrib import messages
from django.contrib.auth import logout
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from companies.access import developer_required
from companies.forms import HandOverForm, JoiningForm
from companies.selectors import people_of, possible_developers, waiting_people
from companies.services.approval import NotWaiting, approve_person, decline_person, refuse_declined
from companies.services.people import (
    AlreadySo,
    choose_joining,
    deactivate_account,
    hand_over_developer,
    reactivate_account,
)
from core.errors import DomainError
from core.repeats import done_once


@require_safe
@developer_required
def people(request):
    company = request.member.company
    return render(
        request,
        "companies/people.html",
        {"waiting": waiting_people(company), "people": people_of(company).exclude(approved_at=None)},
    )


def _people(request):
    return reverse("companies:people")


@require_http_methods(["GET", "HEAD", "POST"])
@developer_required
@done_once(NotWaiting, to=_people)
def decline(request, number):
    if request.method == "POST":
        refuse_declined(number, by=request.user)
    row = get_object_or_404(waiting_people(request.member.company), pk=number)
    if request.method != "POST":
        return render(request, "companies/decline.html", {"row": row})
    decline_person(row=row, by=request.user, at=timezone.now())
    messages.success(request, f"{row.account} was declined and told so.")
    return redirect(_people(request))


@require_POST
@developer_required
@done_once(NotWaiting, to=_people)
def approve(request, number):
    row = get_object_or_404(people_of(request.member.company), pk=number)
    approve_person(row=row, by=request.user, at=timezone.now())
    messages.success(request, f"{row.account} may log in now.")
    return redirect(_people(request))


@require_POST
@developer_required
@done_once(AlreadySo, to=_people)
def deactivate(request, number):
    account = get_object_or_404(people_of(request.member.company), pk=number).account
    deactivate_account(account=account, by=request.user, at=timezone.now())
    messages.success(request, f"{account} is out, every session included. Reactivate undoes it.")
    return redirect(_people(request))


@require_POST
@developer_required
@done_once(AlreadySo, to=_people)
def reactivate(request, number):
    account = get_object_or_404(people_of(request.member.company), pk=number).account
    reactivate_account(account=account, by=request.user, at=timezone.now())
    messages.success(request, f"{account} may log in again.")
    return redirect(_people(request))


@require_http_methods(["GET", "HEAD", "POST"])
@developer_required
def company_settings(request):
    company = request.member.company
    form = JoiningForm(request.POST or None, initial={"user_joining": company.user_joining})
    if request.method == "POST" and form.is_valid():
        choose_joining(
            company=company, joining=form.cleaned_data["user_joining"], by=request.user, at=timezone.now()
        )
        messages.success(request, "Saved.")
        return redirect("companies:settings")
    return render(
        request,
        "companies/settings.html",
        {"form": form, "company": company},
        status=400 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@developer_required
def hand_over(request):
    company = request.member.company
    heirs = possible_developers(company)
    form = HandOverForm(request.POST or None, people=heirs)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            heir = form.cleaned_data["to"].account
            try:
                hand_over_developer(
                    company=company,
                    to=heir,
                    by=request.user,
                    typed=form.cleaned_data["typed"],
                    at=timezone.now(),
                )
            except DomainError as error:
                status = error.http_status
                form.add_error(error.field, error.message)
            else:
                # The session was opened for a role that is gone.
                logout(request)
                messages.success(request, f"{heir} is the developer now. Log in again, as a user.")
                return redirect("companies:login", portal="user")
    return render(request, "companies/hand_over.html", {"form": form, "heirs": heirs}, status=status)
