"""Why does a request get no answer?"""


class Refusal(Exception):
    """A request that cannot be answered as it is: an HTTP status, and a sentence for whoever sent it."""

    def __init__(self, status: int, reason: str):
        super().__init__(reason)
        self.status = status
        self.reason = reason
