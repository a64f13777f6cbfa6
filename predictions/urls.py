from django.urls import include, path

from predictions import views
from predictions.api import runs as api
from predictions.api import v2

app_name = "predictions"

run = [
    path("", views.result, name="result"),
    path("customers.csv", views.download_customers, name="download_customers"),
    path("result.csv", views.download_csv, name="download_csv"),
    path("result.xlsx", views.download_xlsx, name="download_xlsx"),
    path("upload", views.download_upload, name="download_upload"),
    path("left-out.csv", views.download_rejects, name="download_rejects"),
    path("lapsed.csv", views.download_lapsed, name="download_lapsed"),
]

urlpatterns = [
    path("<portal:portal>/predict/", views.predict, name="new"),
    path("<portal:portal>/predict/sample.csv", views.sample, name="sample"),
    path("<portal:portal>/predict/refused-rows.csv", views.refused_rows, name="refused_rows"),
    path("<portal:portal>/logs/<uuid:analysis>/score/", views.score_log, name="score_log"),
    path("<portal:portal>/predictions/", views.history, name="history"),
    path("<portal:portal>/predictions/<uuid:run>/", include(run)),
    path(
        "dev/predictions/<uuid:run>/changed-sides.csv",
        views.download_changed_sides,
        {"portal": "dev"},
        name="changed_sides",
    ),
    path("api/v1/churn/v2/organizations/<str:org>/predict", v2.Predict.as_view(), name="v2_predict"),
    path("api/v1/prediction-runs", api.PredictionRuns.as_view(), name="api_runs"),
    path("api/v1/prediction-runs/<uuid:run>", api.PredictionRun.as_view(), name="api_run"),
    path("api/v1/prediction-runs/<uuid:run>/rows", api.PredictionRows.as_view(), name="api_rows"),
    path("api/v1/prediction-runs/<uuid:run>/result.csv", api.PredictionResult.as_view(), name="api_result"),
    path(
        "api/v1/prediction-runs/<uuid:run>/changed-sides.csv",
        api.ChangedSides.as_view(),
        name="api_changed_sides",
    ),
]
