from django.urls import path

from intake.api import RefusedRows

app_name = "intake"

urlpatterns = [path("api/v1/refused-rows", RefusedRows.as_view(), name="api_refused_rows")]
