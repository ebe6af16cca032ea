"""Why is a request refused?"""


class Refusal(Exception):
    """A request that cannot be answered as it is: an HTTP status, and a sentence for the client."""

    def __init__(self, status: int, reason: str):
        super().__init__(reason)
        self.status = status
        self.reason = reason
