"""How do models get to the model store, and from there to a pod?

The store is a directory that OpenSSH's sftp reaches: versions/<version>/ with the files of one training, and the symbolic
link `current` to one of them. A version is never changed; a switch is one rename. Pods name the version that they serve:
what is uploaded meanwhile does not reach them. Who is let in, and to which server, is in a directory that Kubernetes mounts
from a Secret: `key` and `known_hosts`. With `readKey` instead of `key` nothing is ever written: models of the image that
the store lacks are taken out of the image. With `allowed_signers` nothing is used that they have not signed, and the image's
own models never come out of the store.
"""

import argparse
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import handover
import metadata
import signing
from errors import DataError
from sftp import ADDRESS, Missing, Store

HERE = Path(__file__).resolve().parent
IMAGE = "image"  # instead of a version: that of the image's own models
ABANDONED = timedelta(days=1)  # an upload takes two conversations at most


def upload(store, directory, switch=True, patience=None):
    """Puts a training into a directory of its own, and then lets `current` point to it: always, or only where it is missing.

    `patience`: for how many seconds a signature is waited for; None where it is put there without one.
    """
    trained = metadata.Trained(directory)
    for name in trained.files:
        trained.check(name)
    signature = None if patience is None else signed(store, trained, patience)
    own = mark(datetime.now(timezone.utc))
    version, unfinished = store.path(f"versions/{trained.version}"), store.path(f"versions/.unfinished-{own}")
    with tempfile.TemporaryDirectory() as scratch:
        store.talk(
            f"-mkdir {store.path('')[:-1]}", f"-mkdir {store.path('versions')}", f"mkdir {unfinished}",
            # The description first: it tells which files are an upload's, also of one that is never finished.
            f'put "{directory / metadata.NAME}" "{unfinished}/{metadata.NAME}"',
            *([] if signature is None else [f'put "{signature}" "{unfinished}/{metadata.SIGNATURE}"']),
            *(f'put "{directory / name}" "{unfinished}/{name}"' for name in trained.files),
            # Of an upload that is done again, or by two at once, the version is there already, and is the same.
            f"-rename {unfinished} {version}",
            f'get {version}/{metadata.NAME} "{scratch}/{metadata.NAME}"',
        )
        same = (Path(scratch) / metadata.NAME).read_bytes() == (directory / metadata.NAME).read_bytes()
        link, current = store.path(f".current-{own}"), store.path("current")
        store.talk(
            *([] if not same else
              [f"ln -s versions/{trained.version} {link}", f"rename {link} {current}"] if switch else
              [f"-ln -s versions/{trained.version} {current}"]),
            *removed(unfinished, (*trained.files, *DESCRIPTION)),
        )
    if not same:
        raise DataError(f"{store.address}: versions/{trained.version} is there already, and is another")
    say(f"{store.address}: {'current is ' if switch else 'has '}{trained.version}")
    try:
        clean(store)
    except DataError as error:
        say(f"the files of interrupted uploads could not be removed: {error}")
    return trained.version


def signed(store, trained, patience):
    """The file with the signature that kubeforge brings; one that no pod would take is not put into the store."""
    signature = handover.wait("signature", f"the signature of {trained.version}", patience)
    fault = store.signers and signing.fault(store.signers, trained.directory / metadata.NAME, signature)
    if fault:
        raise DataError(f"{trained.version} {fault}")
    return signature


DESCRIPTION = (metadata.SIGNATURE, metadata.NAME)  # what a version has beside its models


def removed(directory, files):
    """The commands that remove an upload of these files. A directory that holds anything else is kept."""
    return [*(f'-rm "{directory}/{name}"' for name in files), f"-rmdir {directory}"]


def mark(now):
    """The end of the names of what one upload has not finished; it tells their age: 20261126T202131Z-0a1b2c3d."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


UNFINISHED = re.compile(r"\.(?:unfinished|current)-(\d{8}T\d{6}Z)-[0-9a-f]{8}", re.ASCII)


def abandoned(names, now):
    """The names of unfinished uploads that are older than any upload that may still be running."""
    found = [(name, UNFINISHED.fullmatch(name)) for name in names]
    before = f"{now - ABANDONED:%Y%m%dT%H%M%SZ}"
    return [name for name, match in found if match and match[1] < before]


def clean(store):
    """Removes the files of interrupted uploads from the store."""
    top, versions = store.path("")[:-1], store.path("versions")
    look = (f"ls -1a {top}", f"ls -1a {versions}")
    old = abandoned(names(store.talk(*look)), datetime.now(timezone.utc))
    if not old:
        return
    commands = []
    for name in old:
        if name.startswith(".current-"):
            commands.append(f"-rm {top}/{name}")
        else:
            commands += removed(f"{versions}/{name}", (*described(store, f"{versions}/{name}"), *DESCRIPTION))
    left = names(store.talk(*commands, *look))
    gone = [name for name in old if name not in left]
    if gone:
        say(f"{store.address}: removed the files of interrupted uploads: {', '.join(gone)}")


def described(store, directory):
    """The files that an unfinished upload is to have, as far as it says so."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            store.talk(f'get {directory}/{metadata.NAME} "{scratch}/{metadata.NAME}"')
            return tuple(metadata.read(Path(scratch, metadata.NAME))["files"])
        except DataError:
            return ()


def names(listed):
    """What `ls -1a` lists, without the directories and the commands that sftp repeats."""
    return [line.rpartition("/")[2] for line in listed.splitlines() if not line.startswith("sftp> ")]


def download(store, directory, wanted=None, own=None):
    """Fetches one version; the directory has all of it, checked, or nothing new.

    `wanted`: a version, or IMAGE; None is `current`. `own`: the image's own models.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished.", dir=directory) as unfinished:
        place = Path(unfinished)
        version, is_own = choose(store, place, wanted, own)
        if is_own:
            for name in (*metadata.Trained(own).files, metadata.NAME):
                shutil.copyfile(own / name, place / name)
        trained = metadata.Trained(place)
        if not is_own:
            # Not from current: it may point elsewhere by now.
            store.talk(*(f'get "{store.path("versions")}/{version}/{name}" "{place / name}"' for name in trained.files))
        for name in trained.files:
            with telling(own if is_own else f"{store.address}: versions/{version}", unfinished):
                trained.check(name)
        for name in (*trained.files, metadata.NAME):
            (place / name).replace(directory / name)
    say(f"{'the image' if is_own else store.address}: {version} is here, as it was trained")


def choose(store, place, wanted, own):
    """The version to fetch, and whether that is out of the image; the version's metadata.json is in the place otherwise."""
    if wanted is None:
        return describe(store, place, "current")["version"], False
    image = metadata.read(own / metadata.NAME)
    if wanted not in (IMAGE, image["version"]):
        found = describe(store, place, wanted)
        other = [name for name in ("data", "versions", "schema") if found.get(name) != image.get(name)]
        if not other:
            return wanted, False
        # Deployed after that training: new data or other packages, with models that the image's build trained for them.
        what = {"data": "of other data", "versions": "with other packages", "schema": "of other columns"}[other[0]]
        say(f"{wanted} was trained {what} than this image's own models: these run, until `kubeforge train` makes new ones")
    if store.signers is not None:
        return image["version"], True  # nobody has signed them, and nobody need: they are a part of the image
    try:
        describe(store, place, image["version"])
    except Missing:
        if not store.may_write:
            return image["version"], True
        upload(store, own, switch=False)
        describe(store, place, image["version"])
    return image["version"], False


def describe(store, place, version):
    """Brings and reads the metadata.json of a version, or of `current`."""
    directory = "current" if version == "current" else f"versions/{version}"

    def get(name):
        return f'get {store.path(directory)}/{name} "{place / name}"'

    try:
        # That there is no signature has a sentence of its own.
        store.talk(get(metadata.NAME), *([] if store.signers is None else ["-" + get(metadata.SIGNATURE)]))
    except Missing as error:
        raise Missing(f"{error}: has `kubeforge train` put models into the store?") from None
    fault = store.signers and signing.fault(store.signers, place / metadata.NAME, place / metadata.SIGNATURE)
    if fault:
        raise DataError(f"{store.address}: {directory} {fault}: make a version that is signed, by `kubeforge train` or `kubeforge push` with "
                        "service: models: signWith:, and deploy again")
    with telling(f"{store.address}: {directory}", place):
        content = metadata.read(place / metadata.NAME)
    if version not in ("current", content["version"]):
        raise DataError(f"{store.address}: {directory} holds another version, {content['version']}")
    return content


@contextmanager
def telling(origin, place):
    """Errors about a fetched file name where it came from, not the temporary copy."""
    try:
        yield
    except DataError as error:
        raise DataError(str(error).replace(str(place), str(origin))) from None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("direction", choices=["upload", "download"])
    parser.add_argument("--models", type=Path, required=True, help="the directory with the models")
    parser.add_argument("--store", default=os.environ.get("MODEL_STORE"), help="sftp://user@host[:port]/path; $MODEL_STORE if not given")
    parser.add_argument("--secret", type=Path, default=Path(os.environ.get("MODEL_STORE_SECRET", "/etc/model-store")),
                        help="the directory with a key and known_hosts; $MODEL_STORE_SECRET if not given")
    parser.add_argument("--version", default=os.environ.get("MODEL_VERSION"),
                        help=f"what to download: a version, or `{IMAGE}` for that of the image's own models, which are put into the "
                             "store where it lacks them; $MODEL_VERSION if not given, and `current` without that")
    parser.add_argument("--own", type=Path, default=HERE / "models", help="the directory with the image's own models")
    parser.add_argument("--note", type=Path, help="a file that is to hold the version that was uploaded, and nothing else")
    parser.add_argument("--signed", type=float, metavar="SECONDS", help="upload no version without a signature, which kubeforge brings "
                        "(handover.py); so long it is waited for")
    options = parser.parse_args()
    if options.version and not metadata.VERSION.fullmatch(options.version):
        parser.error(f"{options.version} can be no version")
    if not ADDRESS.fullmatch(options.store or ""):
        parser.error(f"the store must be sftp://user@host[:port]/path, is {options.store}")
    # Process 1 of a container has to want to be ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    store = Store(options.store, options.secret)
    try:
        if options.direction == "download":
            download(store, options.models, options.version or None, options.own)
        else:
            version = upload(store, options.models, patience=options.signed)
            if options.note:
                options.note.write_text(version, encoding="ascii")
    except DataError as error:
        sys.exit(f"models are not {options.direction}ed: {error}")
    except OSError as error:
        sys.exit(f"models are not {options.direction}ed: {error.filename}: {error.strerror}")


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    main()
