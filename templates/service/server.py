"""How is the service run? One process: a loop that reads and writes, and a thread that asks the models.

Nothing forks: libraries of models warn of it. More cores are used by more pods.
"""

import argparse
import asyncio
import logging
import os
import socket
import ssl
import sys
from functools import partial

# Before numpy is imported. Sums of one thread come out in the same order as in the build; $OMP_NUM_THREADS is for trees and networks.
os.environ.setdefault("OMP_NUM_THREADS", "1")
for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import uvicorn  # noqa: E402

import api  # noqa: E402
import draining  # noqa: E402
import reading  # noqa: E402

LOG = logging.getLogger("service")
GRACEFUL_TIME = 20  # seconds; Kubernetes kills 45 after it began to drain
CERTIFICATE, KEY = "TLS_CERTIFICATE_FILE", "TLS_KEY_FILE"


class Server(uvicorn.Server):
    """uvicorn's, with connections that are read as reading.py says."""

    def __init__(self, config, listener, context):
        super().__init__(config)
        self.listener, self.context = listener, context

    async def startup(self, sockets=None):
        loop, registry = asyncio.get_running_loop(), reading.Connections()
        protocol = partial(reading.Connection, registry, config=self.config, server_state=self.server_state, app_state={}, _loop=loop)
        more = {"ssl": self.context, "ssl_handshake_timeout": reading.HEAD_TIME, "ssl_shutdown_timeout": reading.LEAVE_TIME}
        server = await loop.create_server(protocol, sock=self.listener, backlog=self.config.backlog, **(more if self.context else {}))
        self.servers, self.started = [server], True
        registry.look(loop)
        host, port = self.listener.getsockname()[:2]
        LOG.info("Listening at: %s://%s:%d (%d)", "https" if self.context else "http", host, port, os.getpid())

    def handle_exit(self, signal, frame):
        """Ends with 0, whoever asked for it: uvicorn's own would send the signal again."""
        self.should_exit = True


def main():
    options = argparse.ArgumentParser(description="Serves the models.")
    options.add_argument("--host", default="0.0.0.0")
    options.add_argument("--port", type=int, default=8080, help="0: any free port")
    options = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    # /tmp outlives a container that is started again in its pod.
    draining.forget()
    context = tls()
    listener = listen(options.host, options.port)
    config = uvicorn.Config(api.create_app(), http=reading.Connection, ws="none", lifespan="off", interface="asgi3", loop="asyncio",
                            log_config=None, access_log=False, proxy_headers=False, server_header=False,
                            timeout_graceful_shutdown=GRACEFUL_TIME)
    Server(config, listener, context).run()
    LOG.info("Stopped")


def listen(host, port):
    # asyncio sends at once only what knows that it is TCP: else an answer's body would wait for the client's word about its head.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise SystemExit(f"the service cannot start: it cannot listen at {host}:{port}: {error.strerror}") from None
    return listener


def tls():
    """What a server of https needs; None where it speaks http."""
    certificate, key = os.environ.get(CERTIFICATE), os.environ.get(KEY)
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise SystemExit(f"the service cannot start: {CERTIFICATE} and {KEY} belong together, and only one is set")
    for path in (certificate, key):
        try:
            open(path, "rb").close()
        except OSError as error:
            raise SystemExit(f"the service cannot start: {path}: cannot be read: {error.strerror}") from None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Without a word that is asked for in a terminal.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise SystemExit(f"the service cannot start: {certificate} and {key}: are not a certificate and its key in PEM: {reason}") from None
    return context


if __name__ == "__main__":
    main()
