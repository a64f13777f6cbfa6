"""The help in the product, for everybody: what there is, the search, and each page."""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.help import help_pages
from core.help_search import search_help

LONGEST_QUESTION = 100


@require_safe
@never_cache
def help_index(request):
    asked = request.GET.get("q", "").strip()[:LONGEST_QUESTION]
    found = search_help(asked)
    context = {"pages": list(help_pages().values()), "asked": asked, "found": found}
    return render(request, "core/help.html", context)


@require_safe
@never_cache
def help_page(request, slug):
    pages = help_pages()
    if slug not in pages:
        raise Http404
    return render(request, "core/help_page.html", {"page": pages[slug], "pages": list(pages.values())})
