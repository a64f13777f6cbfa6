from django.urls import include, path

from transactions.api import closures, v2, wizard
from transactions.views import analyses, churn, mapping, matrices, profile, samples, uploads

app_name = "transactions"

matrix = [
    path("", matrices.matrix, name="matrix"),
    path("features.csv", matrices.download_csv, name="download_features"),
    path("features.parquet", matrices.download_parquet, name="download_features_parquet"),
]

analysis = [
    path("", analyses.analysis, name="analysis"),
    path("columns/", mapping.columns, name="columns"),
    path("hand-over/", mapping.hand_over, name="hand_over"),
    path("file", analyses.download_raw, name="download_raw"),
    path("left-out.csv", analyses.download_rejects, name="download_rejects"),
    path("delete/", analyses.delete, name="delete"),
    path("profile/", profile.profile, name="profile"),
    path("profile.html", profile.download_html, name="profile_html"),
    path("profile.pdf", profile.download_pdf, name="profile_pdf"),
    path("profile.json", profile.download_json, name="profile_json"),
    path("churn/", churn.churn, name="churn"),
    path("closed/", churn.closed, name="closed"),
    path("features/", matrices.features, name="features"),
    path("features/<uuid:matrix>/", include(matrix)),
]

urlpatterns = [
    path(
        "api/v1/churn/v2/organizations/<str:org>/upload-dataset",
        v2.UploadDataset.as_view(),
        name="v2_upload",
    ),
    path(
        "api/v1/churn/v2/organizations/<str:org>/datasets",
        v2.DatasetList.as_view(),
        name="v2_datasets",
    ),
    path(
        "api/v1/churn/v2/organizations/<str:org>/datasets/<str:dataset>/process-features",
        v2.ProcessFeatures.as_view(),
        name="v2_process",
    ),
    path(
        "api/v1/churn/v2/organizations/<str:org>/datasets/<str:dataset>",
        v2.DatasetDetail.as_view(),
        name="v2_dataset",
    ),
    path(
        "api/v1/churn/v2/organizations/<str:org>/datasets/<str:dataset>/left-out.csv",
        v2.RejectedRows.as_view(),
        name="v2_rejected_rows",
    ),
    path(
        "api/v1/churn/v2/organizations/<str:org>/datasets/<str:dataset>/closed-days",
        closures.ClosedDays.as_view(),
        name="v2_closed_days",
    ),
    path("api/v1/upload", wizard.Upload.as_view(), name="api_upload"),
    path("api/v1/configure", wizard.Configure.as_view(), name="api_configure"),
    path("<portal:portal>/logs/", analyses.analyses, name="analyses"),
    path("<portal:portal>/logs/new/", uploads.upload, name="new"),
    path("<portal:portal>/logs/samples/", samples.samples, name="samples"),
    path("<portal:portal>/logs/samples/<str:name>", samples.sample, name="sample"),
    path("<portal:portal>/logs/<uuid:analysis>/", include(analysis)),
]
