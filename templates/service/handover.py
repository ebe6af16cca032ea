"""How does a pod get what only the operator's computer has: a model directory, a signature?

The pod's program prints what it waits for, and waits for a file. `kubeforge` sees that line and runs this module in the pod, which reads
its standard input: the file appears when all of it has arrived, or not at all.
"""

import argparse
import hashlib
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from errors import DataError

DIRECTORY = Path(os.environ.get("HANDOVER_DIR", "/tmp/handover"))
PIECE = 1 << 20  # bytes
LONGEST = 3600  # seconds of one transfer
PAUSE = 0.2  # seconds between two looks
ARRIVING = ".arriving."


def wait(name, what, patience, directory=None):
    """Waits for the file of this name. `patience`: seconds without progress before it gives up. `what` is printed for kubeforge."""
    directory = directory or DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    print(f"waiting for {what}", flush=True)
    seen, since = None, time.monotonic()
    while not (directory / name).exists():
        now = sizes(directory)
        if now != seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > patience:
            raise DataError(f"{what} did not arrive: nothing was received for {patience:g} seconds")
        time.sleep(PAUSE)
    return directory / name


def sizes(directory):
    """The sizes of the files that are arriving."""
    found = {}
    for path in directory.glob(f"{ARRIVING}*"):
        try:
            found[path.name] = path.stat().st_size
        except FileNotFoundError:
            pass  # it has arrived, or was given up
    return found


def take(name, size, digest, source, directory=None):
    """Makes the file of this name from the source's bytes, if they have the right number and digest."""
    directory = directory or DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    handle, path = tempfile.mkstemp(prefix=ARRIVING, dir=directory)
    try:
        with open(handle, "wb") as file:
            got, summed = 0, hashlib.sha256()
            # Not until the end of the stream: not every container runtime passes it on.
            while got < size:
                piece = source.read1(min(PIECE, size - got))
                if not piece:
                    raise DataError(f"the {name} is cut off: only {got} of {size} bytes arrived")
                file.write(piece)
                summed.update(piece)
                got += len(piece)
        if summed.hexdigest() != digest:
            raise DataError(f"the {name} is not what was sent: sha256 {summed.hexdigest()}, and {digest} was sent")
        os.replace(path, directory / name)
    finally:
        Path(path).unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=["directory", "signature"], help="what comes over standard input")
    parser.add_argument("--bytes", type=int, required=True)
    parser.add_argument("--sha256", required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"the {options.name} did not arrive within {LONGEST} seconds"))
    signal.alarm(LONGEST)
    try:
        take(options.name, options.bytes, options.sha256, sys.stdin.buffer)
    except DataError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"the {options.name} cannot be saved: {error.strerror}")


if __name__ == "__main__":
    main()
