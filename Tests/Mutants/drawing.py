"""Which lines are changed, and how?"""

import dataclasses
import os
import random
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Of each the unit tests are in Tests/<module>Tests. ForgeLab's need machines.
MODULES = ["ForgeCore", "ForgeInventory", "ForgePlan", "ForgeSSH", "ForgeKubernetes", "ForgeService", "ForgeCLI", "ForgeTemplates"]
# What decides whether something is removed, reset or replaced that cannot be had back: functions, properties and types, or the whole file.
GUARDS = {
    "Sources/ForgeKubernetes/Kubeadm/Begun.swift": ["*"],
    "Sources/ForgeKubernetes/KubeAPI/HostKubectl.swift": ["Presence"],
    "Sources/ForgeKubernetes/Kubeadm/Join.swift": ["beginning", "isTouched", "refuseUnlessLost"],
    "Sources/ForgeKubernetes/Kubeadm/ControlPlane.swift": ["apply", "wakeOrLeave", "goOn"],
    "Sources/ForgeKubernetes/Preflight/ClusterMembershipCheck.swift": ["*"],
    "Sources/ForgeKubernetes/Preflight/OtherKubernetes.swift": ["*"],
    "Sources/ForgeKubernetes/Host/SwapOff.swift": ["withoutSwap", "isSwap"],
    "Sources/ForgeKubernetes/Preflight/ExistingDocker.swift": ["*"],
    "Sources/ForgeService/Jobs/OldRunsAreRemoved.swift": ["leftovers"],
    "Sources/ForgeService/Retention/OldReleasesAreRemoved.swift": ["differences", "RetentionPolicy"],
    "Sources/ForgeService/Rollout/AutomaticRollback.swift": ["*"],
}


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
# A time limit or a pause that is a little longer is no fault that a test should know; that there is one, other tests see.
DURATION = r"\.(?:seconds|milliseconds)\(\d+$"
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
        if re.search(DURATION, swift[: match.end()]):
            continue
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
        inside = [Path(directory) / name for directory, _, names in os.walk(place) for name in names] if place.is_dir() else [place]
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
    """First and last lines of the functions, properties and types of the name."""
    found = []
    for match in re.finditer(rf"\b(?:func|var|struct|enum) {re.escape(name)}\b", code):
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
