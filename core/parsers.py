"""What the API reads. Not in `core.api`: REST framework asks for these while its views are still loading."""

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser as RestParser


class JSONParser(RestParser):
    def parse(self, stream, media_type=None, parser_context=None):
        try:
            sent = super().parse(stream, media_type, parser_context)
            refuse_half_characters(sent)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deep to be read.") from error
        return sent


def refuse_half_characters(sent) -> None:
    """Refuse what cannot be written as UTF-8, and so neither be kept nor quoted in an answer.

    JavaScript leaves such text where it cuts one within an emoji; JSON can carry it all the same.
    """
    if isinstance(sent, str):
        try:
            sent.encode()
        except UnicodeEncodeError as error:
            raise ParseError(
                "A text in the JSON begins or ends within a character. Cut it elsewhere, and send it again."
            ) from error
    elif isinstance(sent, dict):
        for name, value in sent.items():
            refuse_half_characters(name)
            refuse_half_characters(value)
    elif isinstance(sent, list):
        for value in sent:
            refuse_half_characters(value)
