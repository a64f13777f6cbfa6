"""What predictions know of a customer base: that one can be made, and when the latest was."""

from urllib.parse import urlencode

from django.urls import reverse

from companies.identity import Member
from predictions.selectors import predictions_for
from registry.models import Population
from registry.presenting.bases import Fact, Step
from registry.selectors import champion_for


def prediction_steps(member: Member, base: Population) -> list[Step]:
    champion = champion_for(member, base)
    if base.is_log or champion is None:
        return []
    url = f"{reverse('predictions:new', args=(member.portal,))}?{urlencode({'base': base.uuid})}"
    return [
        Step(30, f"{champion} serves. Send the customers of today to read who will leave.", "Predict", url)
    ]


def latest_prediction(member: Member, base: Population) -> list[Fact]:
    done = predictions_for(member).finished().filter(population=base)
    return [
        Fact("Latest prediction", at, reverse("predictions:result", args=(member.portal, uuid)))
        for uuid, at in done.values_list("uuid", "created_at")[:1]
    ]
