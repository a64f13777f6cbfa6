from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from companies.access import member_required
from core.charts import embed
from core.errors import DomainError
from core.kept import kept
from registry.artefacts import stem_of
from registry.forms import ReasonForm
from registry.presenting import cards, charts
from registry.presenting.bases import what_leaving_means
from registry.presenting.comparisons import beside_champion, comparison_of, tables_of
from registry.presenting.disagreement import disagreement_of
from registry.presenting.judged import describe_figures, describe_threshold, fitted_again
from registry.presenting.quality import quality_of
from registry.presenting.side_by_side import rows_of
from registry.selectors import (
    champion_for,
    champion_of,
    lineage_of,
    list_versions,
    offered_versions,
    serving_rows,
    users_of,
    visible_versions,
    who_served,
)
from registry.services.opening import load_manifest

THIS = "This version"
MOST_FEATURES = 10
# So many columns are named to who reads no figures.
MOST_TOLD = 5


@kept
@require_safe
@member_required
def models(request):
    member = request.member
    versions = list(list_versions(member))
    for each in versions:
        each.quality = quality_of(each)
        each.since = each.serving_since or each.created_at
    if member.is_developer:
        serving = serving_rows(member.company)
        for each in versions:
            each.deployment = serving.get(each.pk)
    context = {
        "groups": _by_base(member, versions),
        "users": users_of(member.company),
        "has_logs": any(each.population.is_log for each in versions),
    }
    return render(request, f"registry/models_{member.role}.html", context)


def _by_base(member, versions):
    """Return the versions of each base apart: figures of different customers are not to be compared."""
    groups = {}
    for each in versions:
        groups.setdefault(each.population, []).append(each)
    return [_group(member, base, found) for base, found in groups.items()]


def _group(member, base, versions):
    champion = champion_for(member, base)
    compared = beside_champion(member, champion, versions) if member.is_developer else {}
    for each in versions:
        each.is_suggested = each == champion
        each.beside = compared.get(each.pk)
    return {
        "base": base,
        "versions": versions,
        "tables": _tables(member, base, versions) if member.is_developer else [],
        "champion": champion,
        "deployed": champion_of(member.company, base),
        "challenge": _challenge(member.company, base) if member.is_developer else None,
    }


def _tables(member, base, versions):
    found = tables_of(member, versions, usual=f"Leaving means: {what_leaving_means(base, versions[0])}.")
    return [{"sentence": table.sentence, "rows": rows_of(table.versions)} for table in found]


def _challenge(company, base):
    challenge = disagreement_of(company, population=base)
    if challenge is None:
        return None
    told = challenge.in_words if challenge.share else ""
    name = f"promote-{challenge.challenger.model_id}-%s"
    return {
        "found": challenge,
        "promotion": ReasonForm(auto_id=name, initial={"reason": told}),
    }


@require_safe
@member_required
def version(request, pk):
    """Show a version: a user, in words, what may be chosen; the developer, with figures, what exists."""
    show = _card if request.member.is_developer else _told
    return show(request, pk)


def _told(request, pk):
    chosen = get_object_or_404(offered_versions(request.member).select_related("metrics"), pk=pk)
    manifest, refusal = _manifest(chosen)
    quality = quality_of(chosen, manifest)
    context = {
        "version": chosen,
        "refusal": refusal,
        "purpose": cards.purpose_of(name=str(chosen), manifest=manifest, population=chosen.population),
        "quality": quality,
        "is_suggested": chosen == champion_for(request.member, chosen.population),
    }
    if quality:
        found = chosen.metrics.additional_metrics
        columns = charts.importance_rows(found["importance"], chosen.heading_of, most=MOST_TOLD)
        context |= {
            "threshold_reason": cards.threshold_reason(found, manifest),
            "limits": cards.limits_of(found, manifest, chosen.population),
            "columns": [row["label"] for row in columns if row["value"]],
        }
    return render(request, "registry/version_told.html", context)


def _card(request, pk):
    company = request.member.company
    related = ("model_type", "metrics", "training_dataset", "company", "population")
    chosen = get_object_or_404(visible_versions(company).select_related(*related), pk=pk)
    manifest, refusal = _manifest(chosen)
    quality = quality_of(chosen, manifest)
    found = chosen.metrics.additional_metrics if quality else {}
    name = stem_of(chosen).rpartition("/")[2]
    context = {
        "version": chosen,
        "manifest": manifest,
        "refusal": refusal,
        "parameters": charts.readable_parameters(
            chosen.model_type.slug, (manifest or {}).get("parameters", {})
        ),
        "purpose": cards.purpose_of(name=str(chosen), manifest=manifest, population=chosen.population),
        "quality": quality,
        "events": who_served(chosen, company),
        "deployment": serving_rows(company).get(chosen.pk),
        "lineage": lineage_of(chosen.training_dataset, company),
        "calibration_told": cards.calibration_of(manifest),
        "calibration_source": cards.calibration_source(manifest),
        "learned_from": cards.learned_from(found, manifest),
        "sections": cards.card_sections.for_page(request.member, chosen),
        "files": [(name + suffix, found) for suffix, found in sorted(chosen.file_hashes.items())],
    }
    if quality:
        context |= {
            "churners": cards.with_intervals(quality.churners, found),
            "weighted": cards.with_intervals(quality.weighted, found),
            "calibration_figures": cards.with_intervals(quality.calibration, found),
        }
        context |= _compared(request.member, chosen) | _pictures(found, chosen)
        context |= {
            "threshold_reason": cards.threshold_reason(found, manifest),
            "limits": cards.limits_of(found, manifest, chosen.population),
            "parts": cards.parts_of(found, chosen.population),
            **_judged(found, manifest),
        }
    return render(request, "registry/version.html", context)


def _compared(member, chosen):
    """Return how the version did beside the suggested one, on the same customers; nothing for that one."""
    champion = champion_for(member, chosen.population)
    if champion is None or champion == chosen:
        return {}
    return {"compared_with": champion, "comparison": comparison_of(member, chosen, champion)}


def _judged(found, manifest):
    again = fitted_again(found, manifest)
    return {
        "fitted_again": again,
        "of_what": describe_figures(found, again),
        "at_threshold": describe_threshold(found, again),
    }


def _manifest(chosen):
    # A version that is out of service still has a page: its figures stand in the database.
    try:
        return load_manifest(chosen, at=timezone.now()), None
    except DomainError as error:
        return None, error.message


def _pictures(found, version):
    roc, curve = found["roc"], found["precision_recall"]
    return {
        "titles": charts.titles(found, version.heading_of),
        "figures": {
            "roc": embed(charts.roc_figure([(THIS, roc)])),
            "precision_recall": embed(
                charts.precision_recall_figure([(THIS, curve)], found["churners"]["base_rate"])
            ),
            "confusion": embed(charts.confusion_figure(found["confusion"])),
            "calibration": embed(charts.calibration_figure([(THIS, found["calibration"])])),
        },
        "roc_rows": charts.curve_rows(roc["false_positive_rate"], roc["true_positive_rate"]),
        "precision_recall_rows": charts.curve_rows(curve["recall"], curve["precision"]),
        "confusion": found["confusion"],
        "calibration": found["calibration"],
        "importance": charts.importance_rows(found["importance"], version.heading_of, most=MOST_FEATURES),
    }
