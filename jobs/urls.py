from django.urls import include, path

from jobs import api, views

pages = [
    path("<portal:portal>/jobs/<uuid:job_id>/", views.progress, name="progress"),
    path("<portal:portal>/jobs/<uuid:job_id>/cancel/", views.cancel, name="cancel"),
    path("<portal:portal>/jobs/<uuid:job_id>/mail/", views.mail, name="mail"),
    path("<portal:portal>/jobs/news/", views.news, name="news"),
    path("<portal:portal>/jobs/seen/", views.seen, name="seen"),
    path("api/v1/jobs", api.JobList.as_view(), name="api-list"),
    path("api/v1/jobs/<uuid:job_id>", api.JobDetail.as_view(), name="api-detail"),
    path("api/v1/jobs/<uuid:job_id>/cancel", api.CancelJob.as_view(), name="api-cancel"),
]

urlpatterns = [path("", include((pages, "jobs")))]
