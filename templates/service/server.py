"""How is the service run? One process: a loop that reads and writes, and a thread that runs the models.

Nothing forks, because model libraries warn against it. To use more cores, run more pods.
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
GRACEFUL_TIME = 20  # seconds; Kubernetes kills the process 45 seconds after it began to drain the pod
CERTIFICATE, KEY = "TLS_CERTIFICATE_FILE", "TLS_KEY_FILE"


class Server(uvicorn.Server):
    """uvicorn's server, with the connections of reading.py."""

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
        """Ends with exit code 0: uvicorn's own handler would raise the signal again."""
        self.should_exit = True


def main():
    options = argparse.ArgumentParser(description="Serves the models.")
    options.add_argument("--host", default="0.0.0.0")
    options.add_argument("--port", type=int, default=8080, help="0: any free port")
    options = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    # /tmp survives a restart of the container in its pod.
    draining.forget()
    context = tls()
    listener = listen(options.host, options.port)
    config = uvicorn.Config(api.create_app(), http=reading.Connection, ws="none", lifespan="off", interface="asgi3", loop="asyncio",
                            log_config=None, access_log=False, proxy_headers=False, server_header=False,
                            timeout_graceful_shutdown=GRACEFUL_TIME)
    Server(config, listener, context).run()
    LOG.info("Stopped")


def listen(host, port):
    # asyncio sets TCP_NODELAY only on sockets made with IPPROTO_TCP; without it an answer's body waits until the client acknowledges its head.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise SystemExit(f"the service cannot start: it cannot listen at {host}:{port}: {error.strerror}") from None
    return listener


def tls():
    """The TLS context of a service that speaks https; None for http."""
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
        # A key with a passphrase is an error: nobody is there to type it.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise SystemExit(f"the service cannot start: {certificate} and {key}: are not a certificate and its key in PEM: {reason}") from None
    return context


if __name__ == "__main__":
    main()
