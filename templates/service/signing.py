"""Has somebody whom the operator trusts signed a version of the models?

metadata.json holds the sha256 of every file of a version. `kubeforge` signs it on the operator's computer (`ssh-keygen -Y sign`), and the
signature lies beside it in the store. Who may sign is in a file of OpenSSH's: allowed_signers.
"""

import subprocess

from errors import DataError

NAMESPACE = "kubeforge-model"  # a signature that was made for something else does not count
LARGEST = 1 << 16  # bytes of a signature
PATIENCE = 60  # seconds


def fault(signers, described, signature):
    """Why a version does not count as signed; None when it does. All three are paths."""
    if not signature.exists():
        return "is not signed"
    if signature.stat().st_size > LARGEST:
        return f"has a signature of {signature.stat().st_size} bytes, which is too large"
    found = keygen("find-principals", "-s", signature, "-f", signers)
    if found.returncode != 0 or not found.stdout.strip():
        return f"is not signed by anyone whom service: models: signers: names ({words(found)})"
    # A key may have several names; any of them will do.
    name = found.stdout.splitlines()[0]
    with described.open("rb") as file:
        end = keygen("verify", "-n", NAMESPACE, "-f", signers, "-I", name, "-s", signature, input=file)
    return None if end.returncode == 0 else f"has a signature that does not match its metadata.json ({words(end)})"


def keygen(verb, *arguments, input=subprocess.DEVNULL):
    try:
        return subprocess.run(["ssh-keygen", "-Y", verb, *arguments], stdin=input, capture_output=True, text=True, errors="replace",
                              timeout=PATIENCE)
    except FileNotFoundError:
        raise DataError("the image has no ssh-keygen: it was built without a model store; deploy again") from None
    except subprocess.TimeoutExpired:
        raise DataError(f"ssh-keygen -Y {verb}: did not finish within {PATIENCE} seconds") from None


def words(end):
    """The last line that ssh-keygen printed, which gives the reason."""
    lines = [line.strip() for line in (end.stdout + end.stderr).splitlines() if line.strip()]
    return lines[-1] if lines else f"ssh-keygen ended with {end.returncode}"
