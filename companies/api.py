"""What the API tells a caller about itself, and how the schema describes API keys."""

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from companies.access import IsMember
from companies.identity import Role
from companies.models import Scope


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """Lets the page of the API ask for a key, and say what its scopes are for."""

    target_class = "companies.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema):
        scopes = "\n".join(f"- `{scope.value}`: {scope.label}" for scope in Scope)
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Enter `Api-Key`, a space, and the key that the developer of your company made. "
            f"It opens what its scopes say:\n\n{scopes}",
        }


class OurSessionScheme(SessionScheme):
    target_class = "companies.authentication.SessionAuthentication"


class IsAnyMember(IsMember):
    """Each key may ask what it is, whatever else it may."""

    read_scopes = tuple(Scope)


class CompanyOutput(serializers.Serializer):
    id = serializers.CharField(help_text="The company ID.")
    name = serializers.CharField()


class CallerOutput(serializers.Serializer):
    company = CompanyOutput()
    account = serializers.EmailField(source="account.email", help_text="The account in whose name you act.")
    role = serializers.ChoiceField(Role.choices)
    scopes = serializers.SerializerMethodField(
        help_text="What the API key may do; null in a browser, where the role alone decides."
    )

    def get_scopes(self, member) -> list[Scope] | None:
        return None if member.scopes is None else [scope for scope in Scope if scope in member.scopes]


class CallerDetail(APIView):
    """Who you are here and what you may do: the first call to try a key with."""

    permission_classes = [IsAnyMember]

    @extend_schema(tags=["me"], responses=CallerOutput)
    def get(self, request):
        return Response(CallerOutput(request.member).data)
