"""Which packages does the requirements.txt of a model directory ask for, and which files does it name?"""

import os
import re
import shlex
from urllib.parse import unquote

from errors import DataError

REQUIREMENTS = "requirements.txt"
COMMENT = re.compile(r"(^|\s+)#.*$")  # as pip has it
VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
SPECIFIER = r"(?:===|==|~=|!=|<=|>=|<|>)\s*[^\s,;()<>=!~]+"
REQUIREMENT = re.compile(rf"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*"
                         rf"(?:@\s*(\S+)|\(?\s*(?:{SPECIFIER}(?:\s*,\s*{SPECIFIER})*)?\s*,?\s*\)?)\s*(?:;.*)?", re.ASCII)
EXACT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?\s*={2,3}\s*([^\s,;()*]+)\s*\)?", re.ASCII)  # without a marker
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.ASCII | re.MULTILINE)
WHEEL = re.compile(r"([A-Za-z0-9._]+)-[^-]+(?:-\d[^-]*)?-[^-]+-[^-]+-([^-]+)\.whl", re.ASCII)
ARCHIVES = (".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma", ".zip")
LONG = {"-r": "--requirement", "-c": "--constraint", "-f": "--find-links", "-i": "--index-url", "-e": "--editable"}
WITH_VALUE = ("--index-url", "--pypi-url", "--extra-index-url", "--trusted-host", "--only-binary", "--use-feature", "--hash",
              "--global-option", "--config-setting", "--config-settings")
WITHOUT_VALUE = ("--no-index", "--pre", "--prefer-binary", "--require-hashes")
NO_SOURCES = "the image has no compiler: build a wheel of it (`pip wheel --no-deps -w wheels {}`), and name that: ./wheels/….whl"


def pinned(text):
    """{name: version} of the packages that a requirements.txt pins."""
    return {_index_name(name): version for name, version in PIN.findall(text)}


def _index_name(name):
    """The name of a package as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Requirements:
    """requirements.txt of a model directory and the files that it names: packages are installed before the rest of the directory is
    part of the image. What pip could not install there is refused, and so is another version of what the service itself runs on (`pins`:
    {name: version}), which pip would put in its place."""

    def __init__(self, directory, pins=None):
        self.directory = str(directory)
        self._pins = pins or {}
        self.files = []  # paths in the directory; requirements.txt is the first
        self.names = set()  # of packages, as the index writes them
        self._hashed = self._bare = None  # where one stands with a digest, and one without
        self._read(REQUIREMENTS)
        if self._hashed and self._bare:
            raise DataError(f"{self._bare}: has no --hash, but {self._hashed.rpartition('/')[2]} has: pip then takes no package without one")

    def _read(self, path, is_constraint=False):
        self.files.append(path)
        file = os.path.join(self.directory, path)
        for number, line in self._lines(file):
            where = f"{file}:{number}"
            variable = VARIABLE.search(line)
            if variable:
                raise DataError(f"{where}: {variable.group()} is not a variable of the image's build: write its value")
            words = line.split(" ")
            place = next((place for place, word in enumerate(words) if word.startswith("-")), len(words))
            wanted, options = " ".join(words[:place]).strip(), self._options(" ".join(words[place:]), where)
            if wanted:
                self._look(wanted, where)
                if not is_constraint:
                    self._compare(wanted, where)
                self._count(wanted, where, "--hash" in dict(options), is_constraint)
            for name, value in options:
                self._take(name, value, os.path.dirname(path), where)

    @staticmethod
    def _lines(file):
        """(number, text) of each line, as pip joins and strips them."""
        try:
            with open(file, "rb") as stream:
                text = stream.read().decode("utf-8-sig")
        except OSError as error:
            raise DataError(f"{file}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            line = error.object[:error.start].count(b"\n") + 1
            raise DataError(f"{file}:{line}: is not UTF-8: save it as UTF-8") from None
        joined, begin = [], 1
        for number, line in enumerate(text.splitlines(), start=1):
            begin = begin if joined else number
            is_comment = COMMENT.match(line)
            joined.append(f" {line}" if is_comment else line.strip("\\") if line.endswith("\\") else line)
            if line.endswith("\\") and not is_comment:
                continue
            text, joined = COMMENT.sub("", "".join(joined)).strip(), []
            if text:
                yield begin, text
        if joined and "".join(joined).strip():
            yield begin, "".join(joined).strip()

    @staticmethod
    def _options(text, where):
        """[(name, value or None)]"""
        try:
            words = shlex.split(text)
        except ValueError:
            raise DataError(f"{where}: has a quote that is not closed") from None
        found = []
        while words:
            word = words.pop(0)
            if re.match(r"-[rcfie].", word):
                word, joined = word[:2], word[2:]
                words.insert(0, joined.lstrip("="))
            name, sign, value = word.partition("=")
            name = LONG.get(name, name)
            takes = name in WITH_VALUE or name in LONG.values() or name == "--no-binary"
            if not takes and name not in WITHOUT_VALUE:
                raise DataError(f"{where}: {name[:40]!r} is not an option of a requirements file: pip knows {', '.join(sorted(LONG.values()))} "
                                "and few others there")
            if takes and not sign:
                if not words:
                    raise DataError(f"{where}: {name} needs a value")
                value = words.pop(0)
            found.append((name, value if takes else None))
        return found

    def _take(self, name, value, directory, where):
        """Records what an option names, or refuses the option."""
        if name in ("--requirement", "--constraint"):
            if "://" not in value:
                path = self._path(os.path.join(directory, value), value, where)
                if path not in self.files:
                    self._read(path, name == "--constraint")
        elif name == "--find-links" and "://" not in value:
            beside = os.path.join(directory, value)  # as pip looks: beside the file, then in the directory
            path = self._path(beside if os.path.exists(os.path.join(self.directory, beside)) else value, value, where)
            self._add(path, where)
        elif name in ("--editable", "--no-binary"):
            raise DataError(f"{where}: {name} needs sources, and " + NO_SOURCES.format(value))
        elif name == "--require-hashes":
            self._hashed = self._hashed or where

    def _count(self, wanted, where, has_hash, is_constraint):
        if is_constraint:
            return
        if has_hash:
            self._hashed = self._hashed or where
        else:
            self._bare = self._bare or where

    def _compare(self, wanted, where):
        """Refuses another version of one of the service's packages. Anything but NAME==VERSION is left to pip, which gets the service's
        versions as constraints."""
        found = EXACT.fullmatch(wanted)
        own = found and self._pins.get(_index_name(found.group(1)))
        if own and re.sub(r"(\.0)+$", "", found.group(2)) != re.sub(r"(\.0)+$", "", own):
            name = found.group(1)
            raise DataError(f"{where}: is {name} {found.group(2)}, but the service itself runs on {name} {own}: remove the line, or write "
                            f"{name}=={own}")

    def _look(self, wanted, where):
        """Notes the package that a requirement names, and the wheel, where it names that."""
        found = REQUIREMENT.fullmatch(wanted)
        bare = wanted.partition(";")[0].strip()
        place = re.sub(r"\[[^\]]*\]$", "", found.group(2) if found and found.group(2) else bare)
        if "\\" in wanted:
            raise DataError(f"{where}: has a backslash: write paths with /")
        if re.match(r"(git|hg|svn|bzr)\+", place):
            raise DataError(f"{where}: is a repository, and " + NO_SOURCES.format(f"'{place}'"))
        if re.match(r"https?://", place):
            if not re.split(r"[?#]", place)[0].endswith(".whl"):
                raise DataError(f"{where}: is not the address of a wheel (.whl), and " + NO_SOURCES.format(f"'{place}'"))
            self._name(os.path.basename(re.split(r"[?#]", place)[0]), where)
        elif place.startswith("file:"):
            path = re.split(r"[?#]", unquote(place[5:]))[0]
            self._local("/" + path.lstrip("/") if path.startswith("/") else path, where, found and found.group(1))
        elif "/" in place or place.startswith(".") or place.endswith((".whl", *ARCHIVES)):
            self._local(place, where)
        elif not found:
            raise DataError(f"{where}: {wanted[:80]!r} is not a requirement: write one such as scikit-learn==1.6.1, package>=1,<2 or "
                            "./wheels/….whl")
        if found:
            self.names.add(_index_name(found.group(1)))

    def _local(self, place, where, name=None):
        if os.path.isabs(place):
            also = f", or {name}==VERSION, where the index has it" if name else ""
            raise DataError(f"{where}: {place} is a path of one computer, which the image does not have: put a wheel into the directory, and "
                            f"write ./wheels/….whl{also}")
        path = self._path(place, place, where)
        if not path.endswith(".whl"):
            raise DataError(f"{where}: {place} is not a wheel (.whl), and " + NO_SOURCES.format(place))
        self._name(os.path.basename(path), where)
        self._add(path, where)

    def _name(self, file, where):
        found = WHEEL.fullmatch(unquote(file))
        if not found:
            raise DataError(f"{where}: {file} is not the name of a wheel, such as package-1.0-py3-none-any.whl: keep the name that it was "
                            "built with")
        if re.match(r"(win|macosx)", found.group(2)):
            raise DataError(f"{where}: {file} is for another system: the image is Linux")
        self.names.add(_index_name(found.group(1)))

    def _path(self, path, shown, where):
        """The path of a file or directory in the model directory, normalised."""
        path = os.path.normpath(path)
        if os.path.isabs(path) or path.split(os.sep)[0] == os.pardir:
            raise DataError(f"{where}: {shown} is not in the directory, which alone becomes part of the image: put it there")
        if not os.path.exists(os.path.join(self.directory, path)):
            raise DataError(f"{where}: there is no {shown} in {self.directory}")
        if any(part.startswith(".") for part in path.split(os.sep) if part != os.curdir):
            raise DataError(f"{where}: {shown} is hidden, and hidden files stay out of the image: rename it")
        return path

    def _add(self, path, where):
        """Adds a wheel, a page of links, or all wheels of a directory."""
        file = os.path.join(self.directory, path)
        if not os.path.isdir(file):
            more = [path]
        else:
            more = [os.path.normpath(os.path.join(path, name)) for name in sorted(os.listdir(file)) if name.endswith(".whl")]
            if not more:
                raise DataError(f"{where}: {path} holds no wheel (.whl)")
        self.files += [name for name in more if name not in self.files]
