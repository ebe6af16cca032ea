"""How strong are the unit tests? One line of the sources is changed at a time, and the tests of its module should fail.

    python3 Tests/Mutants/mutants.py [--count 60] [--seed N] [--files Sources/ForgePlan ...] [--guards] [--limit SECONDS] [--list]

The changes are made in a copy, a git worktree in .build/mutants with a build of its own: the checkout is never touched.
It ends with 1 when fewer than 90 % of the mutants that build are killed, or when one survives in a guard before a destructive step.
"""

import argparse
import contextlib
import dataclasses
import fcntl
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".build/mutants"
COPY = HOME / "checkout"
# Of each the unit tests are in Tests/<module>Tests. ForgeLab's need machines.
MODULES = ["ForgeCore", "ForgeInventory", "ForgePlan", "ForgeSSH", "ForgeKubernetes", "ForgeService", "ForgeCLI", "ForgeTemplates"]
# What decides whether something is removed, reset or replaced that cannot be had back: functions and properties, or the whole file.
GUARDS = {
    "Sources/ForgeKubernetes/Kubeadm/Begun.swift": ["*"],
    "Sources/ForgeKubernetes/Kubeadm/Presence.swift": ["*"],
    "Sources/ForgeKubernetes/Kubeadm/Join.swift": ["beginning", "isTouched", "refuseUnlessLost"],
    "Sources/ForgeKubernetes/Kubeadm/ControlPlane.swift": ["apply", "wakeOrLeave", "goOn"],
    "Sources/ForgeKubernetes/Preflight/ClusterMembershipCheck.swift": ["*"],
    "Sources/ForgeKubernetes/Preflight/OtherKubernetes.swift": ["*"],
    "Sources/ForgeKubernetes/Host/SwapOff.swift": ["withoutSwap", "isSwap"],
    "Sources/ForgeKubernetes/Preflight/ExistingDocker.swift": ["*"],
    "Sources/ForgeService/Jobs/OldRunsAreRemoved.swift": ["leftovers"],
    "Sources/ForgeService/Retention/RetentionPolicy.swift": ["*"],
    "Sources/ForgeService/Retention/OldReleasesAreRemoved.swift": ["differences"],
    "Sources/ForgeService/Rollout/AutomaticRollback.swift": ["*"],
}
ENOUGH = 0.9


@dataclasses.dataclass(frozen=True)
class Mutant:
    path: str
    line: int
    kind: str
    before: str
    after: str

    @property
    def module(self):
        return self.path.split("/")[1]

    @property
    def place(self):
        return f"{self.path}:{self.line}"


# What is changed. Swift's operators stand between blanks, so that generics and arrows are left alone.

SWIFT = [
    ("==/!=", r"(?<= )==(?= )", "!="), ("==/!=", r"(?<= )!=(?= )", "=="),
    ("&&/||", r"(?<= )&&(?= |$)", "||"), ("&&/||", r"(?<= )\|\|(?= |$)", "&&"),
    ("</<=", r"(?<= )<(?= )", "<="), ("</<=", r"(?<= )<=(?= )", "<"), ("</<=", r"(?<= )>(?= )", ">="), ("</<=", r"(?<= )>=(?= )", ">"),
    ("! dropped", r"(?<![\w)\]!?])!(?=[\w(])", ""),
    ("first/last", r"\.first\b", ".last"), ("first/last", r"\.last\b", ".first"),
    ("true/false", r"\btrue\b", "false"), ("true/false", r"\bfalse\b", "true"),
    ("min/max", r"\bmin(?=\(| *\{)", "max"), ("min/max", r"\bmax(?=\(| *\{)", "min"),
]
NUMBER = r"(?<![\w$])(?<!(?<!\.)\.)\d+(?:_\d+)*(?!\w)(?!\.\d)"
GUARD = r"^\s*guard (?!.*\b(?:let|var|case)\b).* else \{ (?:return|throw|continue|break)\b.*\}$"
# In texts of several lines, which are scripts for machines' shells.
SHELL = [
    ("&&/||", r"(?<= )&&(?= |$)", "||"), ("&&/||", r"(?<= )\|\|(?= |$)", "&&"),
    ("==/!=", r"(?<=[\w\"}] )=(?= [\w\"$]+[^=]* \])", "!="), ("==/!=", r"(?<= )!=(?= [^=]* \])", "="),
    ("</<=", r"(?<= )-lt(?= )", "-le"), ("</<=", r"(?<= )-le(?= )", "-lt"), ("</<=", r"(?<= )-gt(?= )", "-ge"), ("</<=", r"(?<= )-ge(?= )", "-gt"),
    ("==/!=", r"(?<= )-eq(?= )", "-ne"), ("==/!=", r"(?<= )-ne(?= )", "-eq"),
    ("! dropped", r"(?<=\[ )! ", ""), ("! dropped", r"(?<=\bif )! ", ""),
    ("first/last", r"\bhead(?= -n 1\b)", "tail"), ("first/last", r"\btail(?= -n 1\b)", "head"),
]


def candidates(path, text):
    """Every mutant of the file."""
    code, script = masked(text)
    found = []
    rows = zip(text.split("\n"), code.split("\n"), script.split("\n"))
    for number, (line, swift, shell) in enumerate(rows, 1):
        # Foundation overwrites such a variable before anybody reads it.
        if re.match(r"\s*(import|@testable)\b", swift) or ": ObjCBool = " in swift:
            continue
        for kind, before, after in changes(swift, shell):
            start, end = before
            changed = line[:start] + after + line[end:]
            found.append(Mutant(path, number, kind, line, changed))
    return found


def changes(swift, shell):
    for rules, row in ((SWIFT, swift), (SHELL, shell)):
        for kind, pattern, after in rules:
            for match in re.finditer(pattern, row):
                yield kind, match.span(), after
    for match in re.finditer(NUMBER, swift):
        number = int(match.group())
        yield "number", match.span(), str(number + 1)
        if number > 0:
            yield "number", match.span(), str(number - 1)
    for match in re.finditer(r"\.sorted\b", swift):
        end = argument_end(swift, match.end())
        if end:
            yield "sorted dropped", (match.start(), end), ""
    if re.match(GUARD, swift):
        yield "guard dropped", (len(swift) - len(swift.lstrip()), len(swift)), ""


def argument_end(row, start):
    """The index after `()`, `(by: …)` or ` { … }`; None if it does not end on this line."""
    match = re.match(r" ?([({])", row[start:])
    if not match:
        return None
    depth = 0
    for index in range(start, len(row)):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(row[index], 0)
        if index >= start + match.end() - 1 and depth == 0:
            return index + 1
    return None


def masked(text):
    """The text twice: with nothing but its code, and with nothing but its texts of several lines; the rest is \\0."""
    code, script = list(text), list(text)
    index = 0

    def hide(end, kinds):
        nonlocal index
        for place in range(index, min(end, len(text))):
            if text[place] != "\n":
                for kind in kinds:
                    kind[place] = "\0"
        index = end

    while index < len(text):
        quote = re.compile(r'(#*)("""|")').match(text, index)
        pattern = re.compile(r"(?<=[ (])/(?![ /*])(?:\\.|[^/\n\\])+/").match(text, index)
        if text.startswith("//", index):
            hide(len(text) if text.find("\n", index) < 0 else text.find("\n", index), (code, script))
        elif text.startswith("/*", index):
            hide(text.index("*/", index) + 2, (code, script))
        elif pattern:
            hide(pattern.end(), (code, script))
        elif quote:
            hide(quote.end(), (code, script))
            while True:
                end = string_part(text, index, quote.group(1), quote.group(2))
                hide(end, (code,) if quote.group(2) == '"""' else (code, script))
                if text.startswith(quote.group(2) + quote.group(1), index):
                    hide(index + len(quote.group()), (code, script))
                    break
                if index >= len(text):
                    break
                # An interpolation: left alone.
                hide(interpolation_end(text, index), (code, script))
        else:
            hide(index + 1, (script,))
    return "".join(code), "".join(script)


def string_part(text, index, hashes, quote):
    while index < len(text):
        if text.startswith(quote + hashes, index):
            return index
        if text.startswith("\\" + hashes, index):
            if text.startswith("(", index + 1 + len(hashes)):
                return index
            index += 1 + len(hashes)
        index += 1
    return index


def interpolation_end(text, index):
    depth = 0
    while index < len(text):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        index += 1
        if depth == 0 and text[index - 1] == ")":
            return index
    return index


# Which of them are tried.


def sources(files):
    wanted = [ROOT / name for name in files] if files else [ROOT / "Sources" / module for module in MODULES]
    paths = []
    for place in wanted:
        if not place.exists():
            sys.exit(f"{place} does not exist")
        # Without links: Sources/ForgeTemplates/templates is one.
        inside = [Path(folder) / name for folder, _, names in os.walk(place) for name in names] if place.is_dir() else [place]
        paths += [path for path in inside if path.suffix == ".swift"]
    paths = sorted({str(path.resolve().relative_to(ROOT)) for path in paths})
    strange = [path for path in paths if path.split("/")[:1] != ["Sources"] or path.split("/")[1] not in MODULES]
    if strange:
        sys.exit(f"{strange[0]} is of no module whose unit tests are run: {', '.join(MODULES)}")
    return paths


def drawn(paths, count, seed, guarded=None):
    """Draw a file, weighted by its number of lines that can be mutated, then a kind and a position. No line is drawn twice."""
    chance = random.Random(seed)
    of_file = {path: candidates(path, (ROOT / path).read_text()) for path in paths}
    if guarded is not None:
        of_file = {path: [mutant for mutant in all_of if mutant.line in guarded.get(path, ())] for path, all_of in of_file.items()}
    chosen = []
    while len(chosen) < count:
        of_file = {path: all_of for path, all_of in of_file.items() if all_of}
        if not of_file:
            break
        weights = [len({mutant.line for mutant in all_of}) for all_of in of_file.values()]
        path = chance.choices(list(of_file), weights)[0]
        kind = chance.choice(sorted({mutant.kind for mutant in of_file[path]}))
        mutant = chance.choice([mutant for mutant in of_file[path] if mutant.kind == kind])
        chosen.append(mutant)
        of_file[path] = [other for other in of_file[path] if other.line != mutant.line]
    return sorted(chosen, key=lambda mutant: (MODULES.index(mutant.module), mutant.path, mutant.line))


def guards():
    """The lines of all guards, by file. One that is named and not there ends the run: it would be held by nothing."""
    lines = {}
    for path, names in GUARDS.items():
        if not (ROOT / path).exists():
            sys.exit(f"{path} is named as a guard in {Path(__file__).name} and does not exist")
        code, _ = masked((ROOT / path).read_text())
        for name in names:
            found = [(1, code.count("\n") + 1)] if name == "*" else spans(code, name)
            if not found:
                sys.exit(f"{path} has no {name}, which is named as a guard in {Path(__file__).name}")
            for first, last in found:
                lines.setdefault(path, set()).update(range(first, last + 1))
    return lines


def spans(code, name):
    """First and last lines of the functions and properties of the name."""
    found = []
    for match in re.finditer(rf"\b(?:func|var) {re.escape(name)}\b", code):
        depth, index = 0, code.find("{", match.end())
        if index < 0:
            continue
        while index < len(code):
            depth += {"{": 1, "}": -1}.get(code[index], 0)
            if depth == 0:
                break
            index += 1
        found.append((code.count("\n", 0, match.start()) + 1, code.count("\n", 0, index) + 1))
    return found


# How one is tried.


def git(*words, folder=ROOT):
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout.strip()


def prepare():
    """Bring the copy to the state of the checkout, uncommitted changes included."""
    identity = ["-c", "user.name=kubeforge", "-c", "user.email=kubeforge@localhost"]
    commit = git(*identity, "stash", "create") or git("rev-parse", "HEAD")
    strange = git("ls-files", "--others", "--exclude-standard", "Sources", "Tests", "templates")
    if strange:
        print(f"not in the copy, because git does not know them: {', '.join(strange.splitlines())}")
    git("worktree", "prune")
    if COPY.exists():
        git("checkout", "--quiet", "--detach", "--force", commit, folder=COPY)
        git("clean", "-fdq", folder=COPY)
    else:
        git("worktree", "add", "--quiet", "--detach", str(COPY), commit)


def run(words, limit):
    """Return the exit code (None on a timeout), the output and the duration in seconds."""
    began = time.monotonic()
    # Swift's driver leaves a folder in the temporary directory each time, and so do tests that are killed.
    own = tempfile.TemporaryDirectory(prefix="kf.", ignore_cleanup_errors=True)
    with own as folder, open(HOME / "output", "w+", errors="replace") as file:
        os.chmod(folder, 0o1777)
        surroundings = {**os.environ, "KUBEFORGE_WITHOUT_LAB": "1", "TMPDIR": folder}
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


def tests(module, limit):
    """None when they are green, else who failed; and how long it took."""
    code, output, seconds = run(["swift", "test", "--skip-build", "--disable-xctest", "--filter", rf"^{module}Tests\."], limit)
    if code == 0:
        return None, seconds
    if code is None:
        return "timed out", seconds
    failed = re.search(r"^✘ Test (\".+?\"|\S+) (?:recorded an issue|failed|with )", output, re.MULTILINE)
    return f"killed by {failed.group(1)}" if failed else "killed: the tests crashed", seconds


def attempt(mutant, limit):
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
        return tests(mutant.module, limit)[0] or "SURVIVED"
    finally:
        path.write_text(original)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--count", type=int, default=60, help="how many mutants (60)")
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="the same seed draws the same mutants")
    options.add_argument("--files", nargs="+", default=[], help="files or folders below Sources; all modules but ForgeLab without it")
    options.add_argument("--guards", action="store_true", help="only in guards before destructive steps")
    options.add_argument("--limit", type=int, help="seconds for one module's tests; otherwise five times what they take unchanged")
    options.add_argument("--list", action="store_true", help="only say which ones")
    options = options.parse_args()
    guarded = guards()
    mutants = drawn(sources(options.files), options.count, options.seed, guarded if options.guards else None)
    if options.list:
        for mutant in mutants:
            print(f"{mutant.place}  {mutant.kind}\n  - {mutant.before.strip()}\n  + {mutant.after.strip()}")
        return
    print(f"{len(mutants)} mutants by seed {options.seed}", flush=True)
    HOME.mkdir(parents=True, exist_ok=True)
    with open(HOME / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"another run works in {HOME}")
        prepare()
        results = tried(mutants, options.limit)
    sys.exit(verdict(results, guarded))


def tried(mutants, limit):
    builds, output = build()
    if not builds:
        sys.exit(f"what is not changed does not build:\n{output[-3000:]}")
    limits = {}
    for module in sorted({mutant.module for mutant in mutants}):
        failed, seconds = tests(module, 1800)
        if failed:
            sys.exit(f"the tests of {module} are not green without a change: {failed}; see {HOME}/output")
        limits[module] = limit or max(120, 5 * seconds)
        print(f"the tests of {module} take {seconds:.0f} s", flush=True)
    results = []
    for number, mutant in enumerate(mutants, 1):
        result = attempt(mutant, limits[mutant.module])
        results.append((mutant, result))
        print(f"{number}/{len(mutants)} {mutant.place} {mutant.kind}: {result}", flush=True)
    return results


def verdict(results, guarded):
    width = max(len(mutant.place) for mutant, _ in results)
    print("\n" + "\n".join(f"{mutant.place:{width}}  {mutant.kind:14}  {result}" for mutant, result in results))
    built = [(mutant, result) for mutant, result in results if result != "does not build"]
    survivors = [mutant for mutant, result in built if result == "SURVIVED"]
    for mutant in survivors:
        print(f"\nSURVIVED {mutant.place}\n  - {mutant.before.strip()}\n  + {mutant.after.strip()}")
    killed = len(built) - len(survivors)
    print(f"\n{killed} of {len(built)} that build are killed; {len(results) - len(built)} do not build")
    open_guards = [mutant.place for mutant in survivors if mutant.line in guarded.get(mutant.path, ())]
    if open_guards:
        print(f"survivors in guards before destructive steps: {', '.join(open_guards)}")
    return 1 if open_guards or killed < ENOUGH * len(built) else 0


if __name__ == "__main__":
    main()
