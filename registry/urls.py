from django.urls import include, path

from registry import api
from registry.views import deployments, ledger, models

DEVELOPER = {"portal": "dev"}

pages = [
    path("<portal:portal>/models/", models.models, name="models"),
    path("<portal:portal>/models/<int:pk>/", models.version, name="version"),
    path("dev/models/<int:pk>/deploy/", deployments.deploy, DEVELOPER, name="deploy"),
    path("dev/models/<int:pk>/withdraw/", deployments.withdraw, DEVELOPER, name="withdraw"),
    path("dev/models/roll-back/", deployments.rollback, DEVELOPER, name="roll_back"),
    path("dev/ledger/", ledger.ledger, DEVELOPER, name="ledger"),
    path("dev/ledger.csv", ledger.ledger_csv, DEVELOPER, name="ledger_csv"),
    path("api/v1/models", api.ModelList.as_view(), name="api-models"),
    path("api/v1/models/<int:pk>", api.ModelDetail.as_view(), name="api-model"),
]

urlpatterns = [path("", include((pages, "registry")))]
