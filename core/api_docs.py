"""The description of the API, and what it says about every call alike."""

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from core.answers import answer_in_json
from core.sections import Sections

# What other apps say before the list of calls, asked with the request.
introductions = Sections()
NAME = "TooManyCalls"
METHODS = {"get", "head", "post", "put", "patch", "delete"}


def describe_call_limits(result, generator, request, public):
    """Add to every operation of the schema how it is answered beyond the limit."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Refusal"] = {
        "type": "object",
        "properties": {
            "code": {"type": "string", "description": "For programs."},
            "message": {"type": "string", "description": "What happened and what to do."},
        },
        "required": ["code", "message"],
    }
    components.setdefault("responses", {})[NAME] = {
        "description": "Too many calls in this minute (`too-many-calls`), or too many wrong API keys "
        "(`too-many-wrong-keys`). Nothing of what was sent was read.",
        "headers": {
            "Retry-After": {
                "description": "After how many seconds to try again.",
                "schema": {"type": "integer", "minimum": 1, "maximum": 60},
            }
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}},
    }
    for operations in result["paths"].values():
        for method in METHODS & operations.keys():
            operations[method]["responses"]["429"] = {"$ref": f"#/components/responses/{NAME}"}
    return result


class DescribesItself:
    """For views of the library that answer with a page or a file: what they can do is told in JSON."""

    def options(self, request, *args, **kwargs):
        answer_in_json(request)
        return super().options(request, *args, **kwargs)


class Schema(DescribesItself, SpectacularAPIView):
    """The description as a file."""


class DocsPage(DescribesItself, SpectacularSwaggerSplitView):
    """The description as a page to read and to try."""

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs):
        answer = super().get(request, *args, **kwargs)
        if "script" not in request.GET:  # its script is asked for at the same address
            answer.data["introductions"] = introductions.for_page(request)
        # It names the keys of who reads it.
        answer["Cache-Control"] = "private, no-store"
        return answer
