"""What the API reads. Not in `core.api`: REST framework asks for these while its views are still loading."""

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser as RestParser


class JSONParser(RestParser):
    def parse(self, stream, media_type=None, parser_context=None):
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deep to be read.") from error
