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

handler400 = "core.fallbacks.bad_request"
handler403 = "core.fallbacks.forbidden"
handler404 = "core.fallbacks.not_found"
handler429 = "core.fallbacks.too_many"
handler500 = "core.fallbacks.server_error"
