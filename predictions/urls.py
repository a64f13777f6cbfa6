from django.urls import include, path

from predictions.api import runs as api
from predictions.api import v2
from predictions.views import changing, logs, runs

app_name = "predictions"

run = [
    path("", runs.result, name="result"),
    path("rename/", changing.rename, name="rename"),
    path("delete/", changing.delete, name="delete"),
    path("customers.csv", runs.download_customers, name="download_customers"),
    path("customers.xlsx", runs.download_customers_xlsx, name="download_customers_xlsx"),
    path("result.csv", runs.download_csv, name="download_csv"),
    path("result.xlsx", runs.download_xlsx, name="download_xlsx"),
    path("upload", runs.download_upload, name="download_upload"),
    path("left-out.csv", runs.download_rejects, name="download_rejects"),
    path("lapsed.csv", runs.download_lapsed, name="download_lapsed"),
    path("changes.csv", runs.download_changes, name="download_changes"),
]

urlpatterns = [
    path("<portal:portal>/predict/", runs.predict, name="new"),
    path("<portal:portal>/predict/sample.csv", runs.sample, name="sample"),
    path("<portal:portal>/predict/refused-rows.csv", runs.refused_rows, name="refused_rows"),
    path("<portal:portal>/logs/<uuid:analysis>/score/", logs.score, name="score_log"),
    path("<portal:portal>/logs/<uuid:analysis>/newer/", logs.newer, name="newer_log"),
    path("<portal:portal>/predictions/", runs.history, name="history"),
    path("<portal:portal>/predictions/<uuid:run>/", include(run)),
    path(
        "dev/predictions/<uuid:run>/changed-sides.csv",
        runs.download_changed_sides,
        {"portal": "dev"},
        name="changed_sides",
    ),
    path("api/v1/churn/v2/organizations/<str:org>/predict", v2.Predict.as_view(), name="v2_predict"),
    path("api/v1/prediction-runs", api.PredictionRuns.as_view(), name="api_runs"),
    path("api/v1/prediction-runs/<uuid:run>", api.PredictionRun.as_view(), name="api_run"),
    path("api/v1/prediction-runs/<uuid:run>/rows", api.PredictionRows.as_view(), name="api_rows"),
    path("api/v1/prediction-runs/<uuid:run>/result.csv", api.PredictionResult.as_view(), name="api_result"),
    path(
        "api/v1/prediction-runs/<uuid:run>/left-out.csv",
        api.RejectedRows.as_view(),
        name="api_rejected_rows",
    ),
    path("api/v1/prediction-runs/<uuid:run>/lapsed.csv", api.LapsedCustomers.as_view(), name="api_lapsed"),
    path("api/v1/prediction-runs/<uuid:run>/changes.csv", api.ChangedCustomers.as_view(), name="api_changes"),
    path(
        "api/v1/prediction-runs/<uuid:run>/changed-sides.csv",
        api.ChangedSides.as_view(),
        name="api_changed_sides",
    ),
]
