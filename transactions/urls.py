from django.urls import include, path

from transactions.views import analyses, mapping, matrices, uploads

app_name = "transactions"

matrix = [
    path("", matrices.matrix, name="matrix"),
    path("features.csv", matrices.download_csv, name="download_features"),
    path("features.parquet", matrices.download_parquet, name="download_features_parquet"),
]

analysis = [
    path("", analyses.analysis, name="analysis"),
    path("columns/", mapping.columns, name="columns"),
    path("file", analyses.download_raw, name="download_raw"),
    path("left-out.csv", analyses.download_rejects, name="download_rejects"),
    path("delete/", analyses.delete, name="delete"),
    path("features/", matrices.features, name="features"),
    path("features/<uuid:matrix>/", include(matrix)),
]

urlpatterns = [
    path("<portal:portal>/logs/", analyses.analyses, name="analyses"),
    path("<portal:portal>/logs/new/", uploads.upload, name="new"),
    path("<portal:portal>/logs/<uuid:analysis>/", include(analysis)),
]
