"""What does the service answer to each address?"""

import logging
import os
import re
import secrets
import threading
from pathlib import Path

import orjson
from flask import Flask, Response, request
from gunicorn.http.errors import NoMoreData, ParseException
from werkzeug.exceptions import HTTPException

import dataset
import draining
import metadata
import models
from refusal import Refusal
from rows import LARGEST_BODY, rows_of

HERE = Path(__file__).parent
ADDRESSES = "GET /line/<n>, /prediction/<n>, /score, /healthz, /readyz; POST /prediction"
# With EXAMPLES=private the rows of the test set, which may be somebody's, are not given to whoever asks.
WITHOUT_EXAMPLES = "GET /score, /healthz, /readyz; POST /prediction"
LOG = logging.getLogger("gunicorn.error")
ROW_NUMBER = re.compile(r"-?\d+", re.ASCII)


def create_app(data=None, trained=None):
    """The service over a folder with test.csv and one with what train.py wrote; all is read here, once."""
    try:
        test = dataset.read(Path(data or os.environ.get("DATA_DIR", HERE / "data")))
        training = metadata.Trained(Path(trained or os.environ.get("MODELS_DIR", HERE / "models")))
        both, golden = models.load(training), training.golden_for(test)
    except dataset.DataError as error:
        raise SystemExit(f"the service cannot start: {error}") from None
    return routes(Flask(__name__, static_folder=None), test, both, golden)


def routes(app, test, both, golden):
    app.register_error_handler(Refusal, lambda error: reply({"error": error.reason}, error.status))
    app.register_error_handler(HTTPException, refusal)
    app.register_error_handler(Exception, fault)
    count = len(test.truth)
    score = golden["score"]
    # A body of many small objects takes twenty times its size when parsed: one at a time bounds the memory, and costs
    # nothing, since parsing holds the interpreter's lock anyway. Models let go of it: they are asked outside.
    parsing = threading.Lock()

    def line(number):
        place = row_number(number, count)
        truth = {} if test.truth[place] is None else both.name(test.truth[place])
        return reply({"line": place, **truth, "features": test.line(place)})

    def prediction(number):
        place = row_number(number, count)
        return reply({"line": place, **both.answers(test.rows[place : place + 1])[0]})

    if not examples_are_private():
        app.get("/line/<number>")(line)
        app.get("/prediction/<number>")(prediction)

    @app.post("/prediction")
    def predictions():
        try:
            body = request.stream.read(LARGEST_BODY + 1)
        except (ParseException, NoMoreData) as error:
            raise Refusal(400, f"the body did not come whole: {error}") from None
        if len(body) > LARGEST_BODY:
            raise Refusal(413, f"the body is too large: send at most {LARGEST_BODY} bytes at once")
        with parsing:
            rows = rows_of(body, both)
        return reply({"predictions": both.answers(rows)})

    @app.get("/score")
    def scores():
        return reply(score)

    @app.get("/healthz")
    def alive():
        return reply({"status": "ok"})

    @app.get("/readyz")
    def ready():
        if draining.has_begun():
            return reply({"error": "this service is leaving"}, 503)
        expected = {name: golden["rows"][0][name] for name in both.names}
        got = both.answers(test.rows[:1])[0]
        if got == expected:
            return reply({"status": "ok"})
        return reply({"error": f"row 0: training answered {expected}, this service answers {got}"}, 503)

    return app


def row_number(text, count):
    """The row that an address names; a negative one must not count from the end as it would in Python."""
    if not ROW_NUMBER.fullmatch(text):
        raise Refusal(400, f"{text[:40]!r} is not a row number: use a whole number from 0 to {count - 1}")
    if len(text) > 18 or not 0 <= int(text) < count:
        raise Refusal(404, f"row {text[:40]} does not exist: the test set has rows 0 to {count - 1}")
    return int(text)


def reply(content, status=200):
    return Response(orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE), status, content_type="application/json")


def examples_are_private():
    return os.environ.get("EXAMPLES") == "private"


def fault(error):
    """An unexpected error, as JSON; the log has its id and the traceback."""
    number = secrets.token_hex(8)
    LOG.error("request %s: %s %s", number, request.method, request.path[:80], exc_info=error)
    return reply({"error": f"the service failed ({type(error).__name__}); its log tells more of request {number}", "request": number}, 500)


def refusal(error):
    """Every error, Flask's own included, as JSON with a reason; headers such as Allow stay."""
    reason, addresses = error.description, WITHOUT_EXAMPLES if examples_are_private() else ADDRESSES
    if reason == type(error).description:
        reason = f"{request.method} {request.path[:80]} has no answer ({error.name}). There are: {addresses}"
    response = error.get_response()
    response.data = reply({"error": reason}).data
    response.content_type = "application/json"
    return response
