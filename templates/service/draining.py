"""Is this service about to shut down?

Some seconds before Kubernetes ends the process, it runs the preStop hook of deployment.yaml, which makes a file. Clients that keep their
connection would stay with this pod: from then on each answer closes its connection.
"""

import os
import tempfile

FILE = os.path.join(tempfile.gettempdir(), "draining")


def has_begun():
    return os.path.exists(FILE)


def forget():
    if has_begun():
        os.remove(FILE)
