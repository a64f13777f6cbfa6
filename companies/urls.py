from django.urls import include, path

from companies import views

portals = [
    path("<portal:portal>/", views.portal_home, name="home"),
    path("<portal:portal>/login/", views.portal_home, name="login"),
    path("waiting/", views.waiting, name="waiting"),
]

urlpatterns = [
    path("", views.landing, name="home"),
    path("login/", views.landing, name="account_login"),
    path("", include((portals, "companies"))),
]
