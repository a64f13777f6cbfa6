"""Rows as they stood in a database of earlier days, made with the classes of that time."""

from registry.tests.factories import NOON


def version_of(apps, company, number, *, slug="neural_network", **columns):
    """Return a version of `company`, in a state of the migrations that `apps` describes."""
    kinds = apps.get_model("registry", "ModelType").objects
    model_type, _ = kinds.get_or_create(slug=slug, defaults={"name": slug})
    return apps.get_model("registry", "ModelVersion").objects.create(
        **{
            "company_id": company.pk,
            "model_type": model_type,
            "name": "Neural Network",
            "version": f"v{number}",
            "number": number,
            "file_path": f"models/retrained_models/{company.pk}/{slug}_v{number}.pkl",
            "created_at": NOON,
            **columns,
        }
    )
