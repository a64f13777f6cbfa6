"""Pages and answers to programs travel compressed; downloads go as they are."""

from django.middleware.gzip import GZipMiddleware

# A download says how large it is, and its browser how much is missing.
COMPRESSED = ("text/html", "application/json", "image/svg+xml")


class CompressionMiddleware(GZipMiddleware):
    """Django's, which hides the length of a page against those who guess at its secrets (BREACH)."""

    def process_response(self, request, response):
        kind = response.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in COMPRESSED:
            return response
        return super().process_response(request, response)
