from django.urls import include, path

from registry import api, views

pages = [
    path("<portal:portal>/models/", views.models, name="models"),
    path("<portal:portal>/models/<int:pk>/", views.version, name="version"),
    path("api/v1/models", api.ModelList.as_view(), name="api-models"),
    path("api/v1/models/<int:pk>", api.ModelDetail.as_view(), name="api-model"),
]

urlpatterns = [path("", include((pages, "registry")))]
