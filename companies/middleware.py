class PrivatePagesMiddleware:
    """Let no browser or proxy keep what a member of a company was shown: it is about its customers.

    A view that says something about caching by itself is left alone.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        answer = self.get_response(request)
        # The guards of `companies.access` put it there.
        if getattr(request, "member", None):
            answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer
