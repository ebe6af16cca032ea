"""The same models in LitServe, as its documentation writes a server; they are asked one request after the other.

It is here to be measured against.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "templates" / "service"))

import litserve
import orjson

from rows import rows_of
from serving import Serving


class Models(litserve.LitAPI):
    def setup(self, device):
        self.models = Serving().models

    def decode_request(self, request):
        return rows_of(orjson.dumps(request), self.models)

    def predict(self, rows):
        return self.models.answers(rows)

    def encode_response(self, answers):
        return {"predictions": answers}


if __name__ == "__main__":
    server = litserve.LitServer(Models(), accelerator="cpu", workers_per_device=1, healthcheck_path="/healthz")
    server.run(host="127.0.0.1", port=int(os.environ["PORT"]), generate_client_file=False, log_level="warning")
