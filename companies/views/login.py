"""One login per portal, and the page that asks which."""

from allauth.account import views as allauth
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from companies.adapter import home_of
from companies.forms import PortalLoginForm
from companies.portals import LABELS, ROLES


@require_safe
def choose_portal(request):
    if request.user.is_authenticated:
        return redirect(home_of(request))
    return render(request, "companies/choose_portal.html", {"next": request.GET.get("next", "")})


class PortalLogin(allauth.LoginView):
    form_class = PortalLoginForm
    template_name = "companies/login.html"

    def get_form_class(self):
        return self.form_class

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"portal": self.kwargs["portal"]}

    def get_context_data(self, **kwargs):
        portal = self.kwargs["portal"]
        return super().get_context_data(**kwargs) | {
            "login_portal": portal,
            "label": LABELS[portal],
            "role": ROLES[portal],
        }


portal_login = PortalLogin.as_view()
