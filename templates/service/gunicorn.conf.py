"""How is the service run? gunicorn reads this file by itself."""

import os

import draining

# Before numpy is imported: each worker is one core's work, and idle BLAS threads of many workers fight for the cores.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

wsgi_app = "api:create_app()"
bind = "0.0.0.0:8080"

# Models and data are loaded once, before the workers fork ($WEB_CONCURRENCY says how many, 1 by default): workers
# share them, and a model that cannot be loaded ends the container with its reason.
preload_app = True

# Threads answer requests that are complete; a client that stalls, an idle connection or a large request never keeps a probe waiting.
worker_class = "reading.Worker"
threads = 8
worker_connections = 4096  # more than that: the one that has been silent longest goes
keepalive = 60  # seconds
graceful_timeout = 20  # seconds; Kubernetes kills 45 after it began to drain

# The root file system is read-only, and a heartbeat in a folder on disk can stall: memory, where there is any.
if os.access("/dev/shm", os.W_OK):
    worker_tmp_dir = "/dev/shm"
control_socket_disable = True


def on_starting(server):
    # /tmp outlives a container that is started again in its pod.
    draining.forget()


def pre_request(worker, request):
    # Its answer then says "Connection: close". Kept alive, the client would send its next request to a pod that ends.
    # Not by setting keepalive to 0: that also cuts connections whose last answer has just promised to keep them.
    if draining.has_begun():
        request.force_close()
