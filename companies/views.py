from django.shortcuts import redirect, render

from companies.access import member_of, member_required, standing


def landing(request):
    member = member_of(request)
    if member:
        return redirect("companies:home", portal=member.portal)
    return render(request, "pages/landing.html")


@member_required
def portal_home(request):
    return render(request, "portal/home.html")


def waiting(request):
    return render(request, "portal/waiting.html", {"standing": standing(request)})
