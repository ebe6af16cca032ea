"""How do several pods share the rows of one input, and how are their results put together?

PUT /input, GET /status, GET /input/<k>, PUT /results/<k>, GET /predictions.csv, GET /predictions.parquet, GET /scores.json, GET /healthz
"""

import argparse
import hmac
import json
import os
import re
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import body
import inputs
import metadata
from errors import DataError
from header import names
from inputs import own_examples
from predictions import Form
from shards import Conflict, Shards

HERE = Path(__file__).resolve().parent
ADDRESSES = __doc__.splitlines()[2]


class Coordinator(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds of silence
    shards = None  # set once, at the start
    token = None  # what every request but /healthz must show; None asks for nothing

    def answer(self):
        """Answers a request; every fault gets an answer that says what is wrong."""
        if not self.is_known():
            # Nothing of its body is read.
            self.body, self.close_connection = (), True
            return self.reply(401, {"error": "this run's token is missing or wrong: send the header Authorization: Bearer TOKEN"})
        self.body = body.pieces(self.headers, self.rfile)
        try:
            self.find()
        except (DataError, body.BadBody) as error:
            self.reply(400, {"error": str(error)})
        except Conflict as error:
            self.reply(409, {"error": str(error)}, {"Retry-After": "1"} if error.may_pass else {})
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except OSError as error:
            self.reply(507, {"error": f"{self.shards.directory}: {error.strerror}"})

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = do_PATCH = do_OPTIONS = answer

    def is_known(self):
        if self.token is None or self.path == "/healthz":
            return True
        shown = self.headers.get("Authorization", "").encode("utf-8", "replace")
        return hmac.compare_digest(shown, b"Bearer " + self.token)

    def find(self):
        path = self.path.partition("?")[0]
        numbered = re.fullmatch(r"/(input|results)/(\d{1,6})", path, re.ASCII)
        name, number = (f"/{numbered[1]}/<k>", int(numbered[2])) if numbered else (path, None)
        known = {
            "GET /healthz": lambda: self.reply(200, {"status": "ok"}),
            "GET /status": lambda: self.reply(200, self.shards.status()),
            "PUT /input": self.take_input,
            "GET /input/<k>": lambda: self.give_slice(number),
            "PUT /results/<k>": lambda: self.take_result(number),
            "GET /predictions.csv": self.give_predictions,
            "GET /predictions.parquet": self.give_parquet,
            "GET /scores.json": lambda: self.reply(200, self.shards.scores()),
        }
        if number is not None and number >= self.shards.count:
            self.reply(404, {"error": f"there is no shard {number}: they are 0 to {self.shards.count - 1}"})
        elif f"{self.command} {name}" in known:
            known[f"{self.command} {name}"]()
        else:
            status = HTTPStatus(405 if any(key.endswith(f" {name}") for key in known) else 404)
            self.reply(status, {"error": f"{self.command} {path[:80]}: {status.phrase}. Available: {ADDRESSES}"})

    def take_input(self):
        with received(self.body, self.shards.directory) as path:
            self.shards.take_input(path, "input")
        self.reply(200, self.shards.status())

    def take_result(self, number):
        with received(self.body, self.shards.directory) as path:
            self.shards.take_result(number, path)
        self.reply(200, self.shards.status())

    def give_slice(self, number):
        row, line, parts = self.shards.slice(number)
        told = {"X-First-Row": str(row), "X-First-Line": str(line), "X-Keep": quote(json.dumps(self.shards.asked.keep))}
        with self.shards.open_input() as file:
            self.give([(file, start, end) for start, end in parts], told)

    def give_predictions(self):
        with ExitStack() as stack:
            files = [stack.enter_context(file) for file in self.shards.results()]
            # The first brings the header, which all have.
            header = len(self.shards.header())
            self.give([(file, header if place else 0, os.fstat(file.fileno()).st_size) for place, file in enumerate(files)])

    def give_parquet(self):
        with self.shards.packed().open("rb") as file:
            self.give([(file, 0, os.fstat(file.fileno()).st_size)], kind="application/vnd.apache.parquet")

    def give(self, parts, headers=None, kind="text/csv; charset=utf-8"):
        """Sends parts of files; each is (file, start, end)."""
        self.head(200, kind, sum(end - start for _, start, end in parts), headers or {})
        for file, start, end in parts:
            file.seek(start)
            for piece in body.exactly(file, end - start):
                self.wfile.write(piece)

    def reply(self, status, content, headers=None):
        text = (json.dumps(content, ensure_ascii=False) + "\n").encode()
        self.head(status, "application/json", len(text), headers or {})
        if self.command != "HEAD":
            self.wfile.write(text)

    def head(self, status, kind, length, headers):
        try:
            # What is not read yet would be taken for the next request.
            for _ in self.body:
                pass
        except body.BadBody:
            self.close_connection = True
        self.send_response(status)
        for name, value in ({"Content-Type": kind, "Content-Length": str(length)} | headers).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *_):
        """Logs nothing: the shards report what happens, and a line for each probe would bury it."""


@contextmanager
def received(pieces, directory):
    """A file with these bytes, which is gone afterwards unless it was renamed."""
    handle, name = tempfile.mkstemp(prefix=".incoming.", dir=directory)
    try:
        with open(handle, "wb") as file:
            for piece in pieces:
                file.write(piece)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def fetch(source, shards):
    """Takes the input from a file or an address; the status tells when it cannot."""
    try:
        with inputs.opened(source) as (stream, name), received(inputs.pieces(stream, name), shards.directory) as path:
            shards.take_input(path, name)
    except (DataError, Conflict) as error:
        shards.fail(str(error))
    except OSError as error:
        shards.fail(f"{shards.directory}: {error.strerror}")


def token():
    """The token of this run, from the file that COORDINATOR_TOKEN_FILE names."""
    path = os.environ.get("COORDINATOR_TOKEN_FILE")
    if path is None:
        return None
    content = Path(path).read_bytes().strip()
    if not content:
        raise DataError(f"{path}: is empty")
    return content


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shards", type=int, required=True, help="the number of slices that the input is cut into")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--input", help="a CSV file or an http(s) address; without it, the input is sent with PUT /input")
    source.add_argument("--own", action="store_const", dest="input", help="the image's own test set",
                        const=own_examples())
    parser.add_argument("--keep", default="", help="columns of the input to copy into the predictions: a,b; or all")
    parser.add_argument("--parquet", action="store_true", help="make predictions.parquet, too, once all results are in")
    parser.add_argument("--models", type=Path, default=Path(os.environ.get("MODELS_DIR", HERE / "models")))
    parser.add_argument("--directory", type=Path, default=Path("/tmp/batch"))
    parser.add_argument("--port", type=int, default=8081)
    options = parser.parse_args()
    if not 1 <= options.shards <= 100_000:
        parser.error("--shards must be from 1 to 100000")
    # Process 1 of a container ignores SIGTERM unless it handles it.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        Coordinator.token = token()
        form = Form(metadata.Trained(options.models), names(options.keep), os.environ.get("INDEX"))
        Coordinator.shards = Shards(options.directory, options.shards, form, options.parquet)
        server = ThreadingHTTPServer(("0.0.0.0", options.port), Coordinator)
    except DataError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"the coordinator cannot start: {error}")
    print(f"listening on port {server.server_port}, {options.shards} shards", flush=True)
    if options.input and Coordinator.shards.input is None:
        threading.Thread(target=fetch, args=(options.input, Coordinator.shards), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
