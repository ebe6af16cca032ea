"""Do a module's tests fail when one of its lines is changed? They run in a copy of the checkout, which stays as it is."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from drawing import MODULES, ROOT

HOME = ROOT / ".build/mutants"
COPY = HOME / "checkout"
ALL = "all modules"


def git(*words, directory=ROOT):
    return subprocess.run(["git", "-C", str(directory), *words], check=True, capture_output=True, text=True).stdout.strip()


def prepare():
    """Bring the copy to the state of the checkout, uncommitted changes included."""
    identity = ["-c", "user.name=kubeforge", "-c", "user.email=kubeforge@localhost"]
    commit = git(*identity, "stash", "create") or git("rev-parse", "HEAD")
    strange = git("ls-files", "--others", "--exclude-standard", "Sources", "Tests", "templates")
    if strange:
        print(f"not in the copy, because git does not know them: {', '.join(strange.splitlines())}")
    git("worktree", "prune")
    # What is left of one that was removed by hand belongs to no copy: git would change the checkout itself there.
    if COPY.exists() and Path(git("rev-parse", "--show-toplevel", directory=COPY)) != COPY:
        shutil.rmtree(COPY)
    if COPY.exists():
        git("checkout", "--quiet", "--detach", "--force", commit, directory=COPY)
        git("clean", "-fdq", directory=COPY)
    else:
        git("worktree", "add", "--quiet", "--detach", str(COPY), commit)


def run(words, limit):
    """Return the exit code (None on a timeout), the output and the duration in seconds."""
    began = time.monotonic()
    # Swift's driver leaves a directory in the temporary directory each time, and so do tests that are killed.
    own = tempfile.TemporaryDirectory(prefix="kf.", ignore_cleanup_errors=True)
    with own as directory, open(HOME / "output", "w+", errors="replace") as file:
        os.chmod(directory, 0o1777)
        surroundings = {**os.environ, "KUBEFORGE_WITHOUT_LAB": "1", "TMPDIR": directory}
        process = subprocess.Popen(["nice", *words], cwd=COPY, env=surroundings, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.poll() is None:
                for one in tree(process.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(one, signal.SIGKILL)
                process.wait()
        file.seek(0)
        return code, file.read(), time.monotonic() - began


def tree(process):
    """The process and its descendants: what `swift test` starts is in a process group of its own."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [process]
    for one in found:
        found += children.get(one, [])
    return found


def build():
    code, output, _ = run(["swift", "build", "--build-tests"], 3600)
    return code == 0, output


def tests(modules, limit):
    """None when they are green, else who failed; and how long it took."""
    pattern = rf"^({'|'.join(modules)})Tests\."
    code, output, seconds = run(["swift", "test", "--skip-build", "--disable-xctest", "--filter", pattern], limit)
    if code == 0:
        return None, seconds
    if code is None:
        return "timed out", seconds
    failed = re.search(r"^✘ Test (\".+?\"|\S+) (?:recorded an issue|failed|with )", output, re.MULTILINE)
    return f"killed by {failed.group(1)}" if failed else "killed: the tests crashed", seconds


def attempt(mutant, limits):
    """Who notices the change: its module's tests, or else those of the others."""
    path = COPY / mutant.path
    original = path.read_text()
    lines = original.split("\n")
    assert lines[mutant.line - 1] == mutant.before
    lines[mutant.line - 1] = mutant.after
    path.write_text("\n".join(lines))
    try:
        builds, _ = build()
        if not builds:
            return "does not build"
        own = tests([mutant.module], limits[mutant.module])[0]
        if own:
            return own
        # What a module offers to others may be tested there, where it is used.
        elsewhere = tests(others(mutant.module), limits[ALL])[0]
        return f"{elsewhere}, elsewhere" if elsewhere else "SURVIVED"
    finally:
        path.write_text(original)


def others(module):
    return [one for one in MODULES if one != module]


def tried(mutants, limit):
    builds, output = build()
    if not builds:
        sys.exit(f"what is not changed does not build:\n{output[-3000:]}")
    limits = {}
    for name in [*sorted({mutant.module for mutant in mutants}), ALL]:
        failed, seconds = tests(MODULES if name == ALL else [name], 1800)
        if failed:
            sys.exit(f"the tests of {name} are not green without a change: {failed}; see {HOME}/output")
        limits[name] = limit or max(120, 5 * seconds)
        print(f"the tests of {name} take {seconds:.0f} s", flush=True)
    results = []
    for number, mutant in enumerate(mutants, 1):
        result = attempt(mutant, limits)
        results.append((mutant, result))
        print(f"{number}/{len(mutants)} {mutant.place} {mutant.kind}: {result}", flush=True)
    return results
