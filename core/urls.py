from django.urls import path

from core.api_docs import DocsPage, Schema
from core.file_views import public_file, signed_file
from core.health import HealthView
from core.help_views import help_index, help_page

urlpatterns = [
    path("health", HealthView.as_view(), name="health"),
    path("files/public/<path:name>", public_file, name="public-file"),
    path("files/<str:token>", signed_file, name="signed-file"),
    path("help/", help_index, name="help"),
    path("help/<slug:slug>/", help_page, name="help-page"),
    path("api/schema/", Schema.as_view(), name="schema"),
    # Its script comes as a second request: an inline one would need a hole in the content security policy.
    path(
        "api/docs/",
        DocsPage.as_view(url_name="schema", template_name="core/api_docs.html"),
        name="api-docs",
    ),
]
