"""One page: who is logged in, and the latest predictions of the company in a table."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.template import Context, Engine
from django.urls import path

from companies.identity import membership

PAGE = Engine().from_string(
    "<!doctype html><title>{{ company }}</title><h1>{{ company }}</h1><table>{% for row in rows %}<tr>"
    "<td>{{ row.prediction_name }}<td>{{ row.model }}<td>{{ row.job.state }}<td>{{ row.created_at }}</tr>"
    "{% endfor %}</table>"
)


@login_required
def rows(request):
    member = membership(request.user)
    found = member.company.predictions.select_related("model__model_type", "job").order_by("-pk")[:5]
    return HttpResponse(PAGE.render(Context({"company": member.company, "rows": found})))


urlpatterns = [path("bare/", rows)]
