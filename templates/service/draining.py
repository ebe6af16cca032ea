"""Is this service about to leave?

Kubernetes runs the preStop hook of deployment.yaml, which makes a file, some seconds before it ends the process. Clients
that keep their connection stay with this pod until it lets them go: in these seconds it does.
"""

import os
import tempfile

FILE = os.path.join(tempfile.gettempdir(), "draining")


def has_begun():
    return os.path.exists(FILE)


def forget():
    if has_begun():
        os.remove(FILE)
