"""What does the service answer to each address?"""

import asyncio
import re
import time
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

import draining
import metrics
import openapi
import page
import v2
from batching import Batcher
from bodies import Bodies
from envelope import Envelope, reply
from errors import DataError
from refusal import Refusal
from rows import rows_of
from serving import Serving

ADDRESSES = "GET /, /line/<n>, /prediction/<n>, /score, /metrics, /openapi.json, /v2, /healthz, /readyz; POST /prediction"
# With EXAMPLES=private the rows of the test set, which may be personal data, are not served.
WITHOUT_EXAMPLES = "GET /, /score, /metrics, /openapi.json, /v2, /healthz, /readyz; POST /prediction"
ROW_NUMBER = re.compile(r"-?\d+", re.ASCII)
PROBE_TIME = 2  # seconds that a probe waits for the models
LONGEST_BATCH = 60  # seconds that the models may work on one batch


def create_app(data=None, trained=None):
    """The service for the examples and models that train.py wrote; all of it is read here, once."""
    try:
        serving = Serving(data, trained)
        addresses = WITHOUT_EXAMPLES if serving.examples_are_private else ADDRESSES
        router = Router()
        app = Envelope(router, serving, addresses)
    except DataError as error:
        raise SystemExit(f"the service cannot start: {error}") from None
    batcher, bodies = Batcher(serving.models, app.metrics.predicted), Bodies()
    answers = Answers(serving, batcher, bodies, app.metrics, app.tokens)
    router.routes += [*answers.routes(), *v2.routes(serving, batcher, bodies, answers.is_ready)]
    app.know(router.routes)
    return app


class Answers:
    """The routes of the service's own API."""

    def __init__(self, serving, batcher, bodies, counted, tokens):
        self.serving, self.batcher, self.bodies, self.counted = serving, batcher, bodies, counted
        self._openapi, self._page = openapi.document(serving), page.of(serving, tokens)
        self._verdict = None  # what is wrong with the models' answers; None: they were not asked yet

    def routes(self):
        """The most frequent first: the router tries them in this order."""
        examples = [] if self.serving.examples_are_private else [
            Route("/prediction/{number}", self.prediction), Route("/line/{number}", self.line)]
        return [
            Route("/prediction", self.predictions, methods=["POST"]), *examples, Route("/healthz", self.alive), Route("/readyz", self.ready),
            Route("/score", self.score), Route("/metrics", self.metrics), Route("/openapi.json", self.openapi), Route("/", self.page),
        ]

    async def line(self, request):
        place = row_number(request.path_params["number"], self.serving)
        return reply(self.serving.line(place))

    async def prediction(self, request):
        place = row_number(request.path_params["number"], self.serving)
        request.scope["rows"] = 1
        return await self.batcher.ask(self.serving.rows(place), lambda answers: reply({"line": place, **answers[0]}), self._wants_all(request))

    async def predictions(self, request: Request):
        wants_all = self._wants_all(request)

        def answer(answers):
            request.scope["rows"] = len(answers)
            return reply({"predictions": answers})

        async with self.bodies.of(request) as body:
            return await self.batcher.ask(lambda: rows_of(body(), self.serving.models), answer, wants_all)

    async def score(self, request):
        return reply(self.serving.scores if query(request).get("details") == ["1"] else self.serving.score)

    async def alive(self, request):
        return reply({"status": "ok"})

    async def ready(self, request):
        reason = await self.is_ready()
        return reply({"error": reason}, 503) if reason else reply({"status": "ok"})

    async def metrics(self, request):
        return Response(self.counted.text(), media_type=metrics.CONTENT_TYPE)

    async def openapi(self, request):
        return Response(self._openapi, media_type="application/json")

    async def page(self, request):
        return Response(self._page, headers=page.HEADERS, media_type="text/html")

    async def is_ready(self):
        """Why this service should get no requests; None where it should."""
        if draining.has_begun():
            return "this service is shutting down"
        if self.serving.count == 0:
            return None
        asked = asyncio.ensure_future(self.batcher.ask(self.serving.rows(0), lambda answers: answers[0], is_probe=True))
        done, _ = await asyncio.wait([asked], timeout=PROBE_TIME)
        if done:
            got = asked.result()
            self._verdict = "" if self.serving.is_expected(got) else (
                f"row 0: training answered {self.serving.expected}, this service answers {got}")
        elif self._verdict is None:
            return "the models have not answered yet"
        # Busy models are healthy, as long as they finish.
        elif (began := self.batcher.began) and time.monotonic() - began > LONGEST_BATCH:
            return f"the models have been working on the same requests for more than {LONGEST_BATCH} seconds"
        return self._verdict or None

    def _wants_all(self, request):
        values = query(request).get("probabilities") if request.scope["query_string"] else None
        if values is None:
            return False
        if values != ["all"]:
            raise Refusal(400, "probabilities must be 'all' or left out")
        return True


def query(request):
    """The parameters of a query string: {name: [values]}."""
    return parse_qs(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)


def row_number(text, serving):
    """The row that an address names; a negative one must not count from the end as it would in Python."""
    count, rows = serving.count, serving.rows_of_test
    if not ROW_NUMBER.fullmatch(text):
        raise Refusal(400, f"{text[:40]!r} is not a row number: use a whole number from 0 to {count - 1}")
    number = int(text) if len(text) <= 18 else None
    if number is not None and 0 <= number < count:
        return number
    if number is not None and count <= number < rows:
        raise Refusal(404, f"row {number} is not shown: of the test set's {rows} rows the service has the first {count}, 0 to {count - 1}")
    raise Refusal(404, f"row {text[:40]} does not exist: the test set has rows 0 to {rows - 1}" + (
        f", and the service shows the first {count}" if count < rows else ""))
