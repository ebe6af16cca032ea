"""How is a directory on a server reached, and what does it mean when sftp complains?

The directory with the secret holds `known_hosts` and a key: `key`, or `readKey`, which may only read. No other key is tried
and no other host key believed. Where `allowed_signers` is there, too, it names who must have signed what is fetched.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from errors import DataError

ADDRESS = re.compile(r"sftp://([A-Za-z0-9._-]+)@([A-Za-z0-9.-]+)(?::(\d{1,5}))?(/[A-Za-z0-9._/-]*[A-Za-z0-9._-])", re.ASCII)
PATIENCE = 600  # seconds for one conversation


class Missing(DataError):
    """The server was reached, and has no such file."""


@dataclass(frozen=True)
class Store:
    """A directory on a server, and the local directory with the key and `known_hosts` to reach it."""

    address: str
    secret: Path

    def path(self, name):
        return f"{ADDRESS.fullmatch(self.address)[4]}/{name}"

    @property
    def may_write(self):
        return not (self.secret / "readKey").exists()

    @property
    def signers(self):
        """The file that names them; None where nothing must be signed."""
        path = self.secret / "allowed_signers"
        return path if path.exists() else None

    def talk(self, *commands, patience=PATIENCE):
        """Runs sftp commands in one connection, up to the first that fails; one that begins with - may fail. Returns what it prints.
        `patience`: seconds for all of them."""
        user, host, port, _ = ADDRESS.fullmatch(self.address).groups()
        options = {
            "BatchMode": "yes", "LogLevel": "ERROR", "ConnectTimeout": "20", "ServerAliveInterval": "15", "ServerAliveCountMax": "4",
            "StrictHostKeyChecking": "yes", "UserKnownHostsFile": self.secret / "known_hosts",
            "GlobalKnownHostsFile": "/dev/null", "UpdateHostKeys": "no", "IdentitiesOnly": "yes", "IdentityAgent": "none",
            "IdentityFile": self.secret / ("key" if self.may_write else "readKey"),
        }
        words = ["sftp", "-F", "/dev/null", "-P", port or "22", "-b", "-"]
        words += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        try:
            end = subprocess.run(
                [*words, f"{user}@{host}"], input="\n".join(commands) + "\n", capture_output=True, text=True,
                errors="replace", timeout=patience,
            )
        except FileNotFoundError:
            raise DataError("the image has no sftp: it was built without a model store; deploy again") from None
        except subprocess.TimeoutExpired:
            raise DataError(f"{self.address}: did not finish within {patience} seconds") from None
        if end.returncode != 0:
            missing = any(sign in end.stderr for sign in ("not found", "No such file"))
            raise (Missing if missing else DataError)(f"{self.address}: {reason(end.stderr)}")
        return end.stdout


# What sftp and the server say, and what it means; the first that fits counts.
COMPLAINTS = [
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "shows another host key than known_hosts holds: was it reinstalled, or is it another?"),
    ("Host key verification failed", "its host key is not in known_hosts"),
    ("UNPROTECTED PRIVATE KEY FILE", "ssh does not use a private key that others can read"),
    ("Permission denied (", "does not let this user in with this key"),
    ("Permission denied", "the user may not read or write there"),
    ("not found", "is not there"),
    ("No such file", "is not there"),
    ("No space left", "the server's disk is full"),
    ("Failure", "the server could not do it: is its disk full?"),
]


def reason(said):
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for sign, meaning in COMPLAINTS:
        for line in lines:
            if sign in line:
                return f"{meaning} ({line.strip('@ ')})"
    return " ".join(lines[-2:]) or "sftp failed and did not say why"
