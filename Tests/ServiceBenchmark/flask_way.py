"""The service as it was before: Flask behind gunicorn with eight threads, each of which reads, asks the models and answers.

It is here to be measured against, with the models and the checks of today's service.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "templates" / "service"))

import orjson
from flask import Flask, Response, request

from refusal import Refusal
from rows import rows_of
from serving import Serving

serving = Serving()
app = Flask(__name__, static_folder=None)


def reply(content, status=200):
    return Response(orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE), status, content_type="application/json")


app.register_error_handler(Refusal, lambda error: reply({"error": error.reason}, error.status))


@app.get("/prediction/<int:number>")
def prediction(number):
    return reply({"line": number, **serving.models.answers(serving.rows(number))[0]})


@app.post("/prediction")
def predictions():
    return reply({"predictions": serving.models.answers(rows_of(request.get_data(), serving.models))})


@app.get("/healthz")
def alive():
    return reply({"status": "ok"})


if __name__ == "__main__":
    bind = f"127.0.0.1:{os.environ['PORT']}"
    settings = ["--bind", bind, "--worker-class", "gthread", "--threads", "8", "--keep-alive", "60", "--preload", "--no-control-socket"]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *settings, "--chdir", str(Path(__file__).parent), "flask_way:app"])
