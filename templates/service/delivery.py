"""How do the predictions of a scheduled run outlive its pod?

They go into the model store (sftp.py), where each schedule has a directory and each of its runs another, named by when it began:
predictions/inference-batch-weekly/20261127T020003Z/. That has its name when all of it is there. Nothing is ever removed but the files of
runs that were interrupted.
"""

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from errors import DataError
from sftp import ADDRESS, Store
from store import abandoned, mark, names, removed

DIRECTORY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)
FILES = ("predictions.csv", "predictions.parquet", "scores.json")
PATIENCE = 3600  # seconds until all files of a run have come over a slow line


@dataclass(frozen=True)
class Place:
    """A schedule's directory in the store, and when this run of it began."""

    store: Store
    directory: str  # predictions/inference-batch-weekly
    began: datetime

    def prepare(self):
        """Makes it where it is missing. A store that takes nothing shows here, before the work."""
        above = [parent.as_posix() for parent in Path(self.directory).parents if parent.name]
        own = self.store.path(self.directory)
        new = [self.store.path("")[:-1], *map(self.store.path, reversed(above)), own]
        attempt, now = self._unfinished(), datetime.now(timezone.utc)
        with telling():
            listed = self.store.talk(*(f"-mkdir {path}" for path in new), f"mkdir {attempt}", f"rmdir {attempt}", f"ls -1a {own}")
        old = abandoned(names(listed), now)
        if old:
            self._clean(old)

    def _clean(self, old):
        own = self.store.path(self.directory)
        try:
            left = names(self.store.talk(*(command for name in old for command in removed(f"{own}/{name}", FILES)), f"ls -1a {own}"))
        except DataError as error:
            return say(f"the files of interrupted runs could not be removed: {error}")
        gone = [name for name in old if name not in left]
        if gone:
            say(f"{self.store.address}/{self.directory}: removed the files of interrupted runs: {', '.join(gone)}")

    def take(self, files):
        """Puts files (of FILES) into a directory of their own. Returns its address."""
        name = f"{self.directory}/{self.began:%Y%m%dT%H%M%SZ}"
        unfinished = self._unfinished()
        try:
            with telling():
                self.store.talk(
                    f"mkdir {unfinished}",
                    # -f: a directory that has its name after a power cut has its files, too.
                    *(f'put -f "{path}" "{unfinished}/{path.name}"' for path in files),
                    f"rename {unfinished} {self.store.path(name)}",
                    patience=PATIENCE,
                )
        except DataError:
            self._discard(unfinished)
            raise
        return f"{self.store.address}/{name}"

    def _unfinished(self):
        return self.store.path(f"{self.directory}/.unfinished-{mark(datetime.now(timezone.utc))}")

    def _discard(self, unfinished):
        """Otherwise, each attempt would fill the disk further."""
        try:
            self.store.talk(*removed(unfinished, FILES))
        except DataError:
            pass  # the reason is the one that is told; a later run removes it


@contextmanager
def telling():
    try:
        yield
    except DataError as error:
        raise DataError(f"predictions cannot be put into the model store: {error}") from None


def place(began):
    """Where predictions go; None where they stay with the pod."""
    directory = os.environ.get("PREDICTIONS_DIRECTORY")
    if not directory:
        return None
    address = os.environ.get("MODEL_STORE", "")
    if not ADDRESS.fullmatch(address):
        raise DataError(f"$MODEL_STORE must be sftp://user@host[:port]/path, is {address}")
    if not DIRECTORY.fullmatch(directory):
        raise DataError(f"$PREDICTIONS_DIRECTORY must be a directory in the store, is {directory}")
    return Place(Store(address, Path(os.environ.get("MODEL_STORE_SECRET", "/etc/model-store"))), directory, began)


def say(text):
    print(text, flush=True)
