from django.urls import include, path

from companies.portals import DEVELOPERS
from training.api import bases, v2
from training.api import resources as api
from training.views import datasets, logs, own_tables, retraining, searches

app_name = "training"
DEVELOPER = {"portal": DEVELOPERS}

run = [
    path("", retraining.run, DEVELOPER, name="run"),
    path("upload", retraining.download_upload, DEVELOPER, name="download_upload"),
    path("left-out.csv", retraining.download_rejects, DEVELOPER, name="download_rejects"),
    path("search/", searches.search, DEVELOPER, name="search"),
    path("search/stop/", searches.stop, DEVELOPER, name="stop_search"),
]

urlpatterns = [
    path("dev/retrain/", retraining.retrain, DEVELOPER, name="new"),
    path("dev/retrain/sample.csv", retraining.sample, DEVELOPER, name="sample"),
    path("dev/retrain/refused-rows.csv", retraining.refused_rows, DEVELOPER, name="refused_rows"),
    path("dev/bases/new/", own_tables.new_base, DEVELOPER, name="new_base"),
    path("dev/bases/new/sample.csv", own_tables.sample, DEVELOPER, name="base_sample"),
    path("dev/bases/new/refused-rows.csv", own_tables.refused_rows, DEVELOPER, name="base_refused_rows"),
    path("dev/bases/new/columns/", own_tables.describe_base, DEVELOPER, name="describe_base"),
    path("dev/bases/new/train/", own_tables.train_base, DEVELOPER, name="train_base"),
    path("dev/retrainings/", retraining.runs, DEVELOPER, name="runs"),
    path("dev/retrainings/<uuid:run>/", include(run)),
    path("dev/datasets/", datasets.datasets, DEVELOPER, name="datasets"),
    path("dev/datasets/<int:pk>/", datasets.dataset, DEVELOPER, name="dataset"),
    path("dev/datasets/<int:pk>/download", datasets.download, DEVELOPER, name="download_dataset"),
    path("dev/logs/<uuid:analysis>/model/", logs.model, DEVELOPER, name="log_model"),
    path("dev/logs/<uuid:analysis>/model/<uuid:training>/", logs.training, DEVELOPER, name="log_training"),
    path("api/v1/churn/v2/organizations/<str:org>/train", v2.Train.as_view(), name="v2_train"),
    path(
        "api/v1/churn/v2/organizations/<str:org>/training-status",
        v2.TrainingStatus.as_view(),
        name="v2_training_status",
    ),
    path("api/v1/customer-bases", bases.CustomerBases.as_view(), name="api_customer_bases"),
    path("api/v1/datasets", api.DatasetList.as_view(), name="api_datasets"),
    path("api/v1/datasets/<int:pk>", api.DatasetDetail.as_view(), name="api_dataset"),
    path("api/v1/retrainings", api.Retrainings.as_view(), name="api_runs"),
    path("api/v1/retrainings/<uuid:run>", api.Retraining.as_view(), name="api_run"),
    path("api/v1/retrainings/<uuid:run>/search", api.RetrainingSearch.as_view(), name="api_search"),
    path(
        "api/v1/retrainings/<uuid:run>/left-out.csv",
        api.RejectedRows.as_view(),
        name="api_rejected_rows",
    ),
]
