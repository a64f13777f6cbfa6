from allauth.account import views as allauth
from django.urls import include, path, re_path

from companies.api import CallerDetail
from companies.views import account, api_keys, login, pages, people, registration

DEVELOPER = {"portal": "dev"}

companies = [
    path("register/", registration.register, name="register"),
    path("register/sent/", registration.register_sent, name="register_sent"),
    path("register/verify/<str:key>/", registration.verify, name="verify"),
    path("decide/<str:key>/", registration.decide, name="decide"),
    path("waiting/", pages.waiting, name="waiting"),
    path("<portal:portal>/", pages.portal_home, name="home"),
    path("dev/begin/", pages.begin, DEVELOPER, name="begin"),
    path("<portal:portal>/join/", registration.join, name="join"),
    path("<portal:portal>/login/", login.portal_login, name="login"),
    path("<portal:portal>/account/", account.account, name="account"),
    path("<portal:portal>/account/deactivate/", account.deactivate, name="deactivate"),
    path("dev/people/", people.people, DEVELOPER, name="people"),
    path("dev/people/<int:number>/approve/", people.approve, DEVELOPER, name="approve"),
    path("dev/people/<int:number>/decline/", people.decline, DEVELOPER, name="decline"),
    path("dev/people/<int:number>/deactivate/", people.deactivate, DEVELOPER, name="deactivate_person"),
    path("dev/people/<int:number>/reactivate/", people.reactivate, DEVELOPER, name="reactivate_person"),
    path("dev/api-keys/", api_keys.api_keys, DEVELOPER, name="api_keys"),
    path("dev/api-keys/<int:number>/revoke/", api_keys.revoke, DEVELOPER, name="revoke_api_key"),
    path("dev/settings/", people.company_settings, DEVELOPER, name="settings"),
    path("dev/hand-over/", people.hand_over, DEVELOPER, name="hand_over"),
    path("api/v1/me", CallerDetail.as_view(), name="api_caller"),
]

# The names are those that django-allauth looks for, without what we do not offer: several addresses, codes.
urlpatterns = [
    path("", pages.landing, name="home"),
    path("join/", registration.choose_role, name="account_signup"),
    path("join/sent/", allauth.email_verification_sent, name="account_email_verification_sent"),
    re_path(
        r"^confirm-address/(?P<key>[-:\w]+)/$", registration.confirm_address, name="account_confirm_email"
    ),
    path("login/", login.choose_portal, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("deactivated/", allauth.account_inactive, name="account_inactive"),
    path("password/", allauth.password_change, name="account_change_password"),
    path("password/reset/", allauth.password_reset, name="account_reset_password"),
    path("password/reset/sent/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("", include((companies, "companies"))),
]
