"""A prediction gets another name, or it goes."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from companies.access import member_required
from companies.services.conditions import NameDiffers
from core.repeats import done_once
from predictions.forms import RenameForm
from predictions.services.changing import (
    PredictionIsGone,
    delete_prediction,
    refuse_all_but_owners,
    refuse_deleted,
    rename_prediction,
)
from predictions.services.runs import NameMissing
from predictions.views.runs import found_for

METHODS = ("GET", "HEAD", "POST")


@member_required
@require_http_methods(METHODS)
def rename(request, run):
    prediction = _own(request, run)
    form = RenameForm(
        request.POST if request.method == "POST" else None, initial={"name": prediction.prediction_name}
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                renamed = rename_prediction(
                    prediction=prediction,
                    name=form.cleaned_data["name"],
                    by=request.member,
                    at=timezone.now(),
                )
            except NameMissing as refusal:
                form.add_error("name", str(refusal))
            else:
                messages.success(request, f"It is called “{renamed}” now.")
                return redirect("predictions:result", request.member.portal, prediction.uuid)
    context = {"prediction": prediction, "form": form, "result_url": _result(request, prediction)}
    return render(request, "predictions/rename.html", context, status=status)


def _history(request):
    return reverse("predictions:history", args=(request.member.portal,))


@member_required
@require_http_methods(METHODS)
@done_once(PredictionIsGone, to=_history)
def delete(request, run):
    if request.method == "POST":
        refuse_deleted(run, request.member)
    prediction = _own(request, run)
    error, status = "", 200
    if request.method == "POST":
        typed = request.POST.get("confirm_name", "")
        try:
            delete_prediction(prediction=prediction, typed=typed, by=request.member, at=timezone.now())
        except NameDiffers as refusal:
            error, status = str(refusal), refusal.http_status
        else:
            messages.success(request, f"“{prediction}” was deleted.")
            return redirect(_history(request))
    context = {
        "prediction": prediction,
        "sentence": _what_goes(prediction),
        "error": error,
        "result_url": _result(request, prediction),
    }
    return render(request, "predictions/delete.html", context, status=status)


def _what_goes(prediction):
    gone = "The result" if prediction.reads_log else "The result and the file that was sent"
    stays = " The purchase log stays." if prediction.reads_log else ""
    return (
        f"{gone} can no longer be read by anybody at {prediction.company}, and the stored files are removed "
        f"within two days.{stays} This cannot be undone."
    )


def _own(request, run):
    # Who may not is told before a form is filled in.
    prediction = found_for(request, run)
    refuse_all_but_owners(prediction, request.member)
    return prediction


def _result(request, prediction):
    return reverse("predictions:result", args=(request.member.portal, prediction.uuid))
