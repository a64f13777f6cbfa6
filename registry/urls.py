from django.urls import include, path

from registry.api import deployments as deployments_api
from registry.api import models as models_api
from registry.api import populations as populations_api
from registry.views import bases, deployments, ledger, models

DEVELOPER = {"portal": "dev"}

pages = [
    path("<portal:portal>/bases/", bases.bases, name="bases"),
    path("<portal:portal>/bases/<uuid:base>/", bases.base, name="base"),
    path("<portal:portal>/bases/<uuid:base>/template.csv", bases.template, name="base_template"),
    path("dev/bases/<uuid:base>/describe/", bases.describe, DEVELOPER, name="base_describe"),
    path("dev/bases/<uuid:base>/archive/", bases.archive, DEVELOPER, name="base_archive"),
    path("<portal:portal>/models/", models.models, name="models"),
    path("<portal:portal>/models/<int:pk>/", models.version, name="version"),
    path("dev/models/<int:pk>/deploy/", deployments.deploy, DEVELOPER, name="deploy"),
    path("dev/models/<int:pk>/withdraw/", deployments.withdraw, DEVELOPER, name="withdraw"),
    path("dev/models/roll-back/", deployments.rollback, DEVELOPER, name="roll_back"),
    path("dev/ledger/", ledger.ledger, DEVELOPER, name="ledger"),
    path("dev/ledger.csv", ledger.ledger_csv, DEVELOPER, name="ledger_csv"),
    path("api/v1/models", models_api.ModelList.as_view(), name="api-models"),
    path("api/v1/models/<int:pk>", models_api.ModelDetail.as_view(), name="api-model"),
    path(
        "api/v1/customer-bases/<uuid:base>",
        populations_api.CustomerBaseDetail.as_view(),
        name="api-customer-base",
    ),
    path(
        "api/v1/customer-bases/<uuid:base>/template.csv",
        populations_api.CustomerBaseTemplate.as_view(),
        name="api-customer-base-template",
    ),
    path("api/v1/deployments", deployments_api.DeploymentList.as_view(), name="api-deployments"),
    path("api/v1/deployments/events", deployments_api.EventList.as_view(), name="api-deployment-events"),
    path("api/v1/deployments/serving", deployments_api.ServingVersions.as_view(), name="api-serving"),
    path("api/v1/deployments/challenger", deployments_api.Challenger.as_view(), name="api-challenger"),
    path("api/v1/deployments/roll-back", deployments_api.RollBack.as_view(), name="api-roll-back"),
    path(
        "api/v1/deployments/<int:pk>/withdraw",
        deployments_api.WithdrawDeployment.as_view(),
        name="api-withdraw",
    ),
]

urlpatterns = [path("", include((pages, "registry")))]
