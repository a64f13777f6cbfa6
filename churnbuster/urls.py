from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("core.urls")),
    path("", include("companies.urls")),
    path("", include("jobs.urls")),
    path("", include("intake.urls")),
    path("", include("registry.urls")),
    path("", include("transactions.urls")),
    path("", include("training.urls")),
    path("", include("predictions.urls")),
]
