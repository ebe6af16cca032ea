"""How fast does the service answer, beside the articles' way? Both on one core of this machine, in one run.

    python3 Tests/ServiceBenchmark/benchmark.py [--seconds 10]

CPU time is the server's own, so that what else this machine does is not counted against it.
"""

import argparse
import contextlib
import csv
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVICE = HERE.parent.parent / "templates" / "service"
CACHE = Path(os.environ.get("KUBEFORGE_CACHE", Path.home() / ".cache/kubeforge"))
PORT = 8097
ONE_THREAD = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=int, default=10, help="for each measurement")
    seconds = options.parse_args().seconds
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed: apt-get install wrk")
    python = environment(["pandas==3.1.1"])
    trained = training(python)
    with tempfile.TemporaryDirectory() as folder:
        measure(python, trained, Path(folder), seconds)


def measure(python, trained, folder, seconds):
    if os.getloadavg()[0] > os.cpu_count() / 2:
        print(f"this machine is busy (load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores): times are longer than the service's own\n")
    rows = bodies(trained / "data/test.csv", folder)
    surroundings = {"DATA_DIR": str(trained / "data"), "MODELS_DIR": str(trained / "models"), "PYTHONDONTWRITEBYTECODE": "1"}
    shipped = [python, "-m", "gunicorn", "--bind", f"127.0.0.1:{PORT}"]
    with server(shipped, surroundings) as process:
        alone = wrk(process, seconds, 1, ROWS=rows)
        many = wrk(process, seconds, 4, ROWS=rows)
        one = wrk(process, seconds, 1, ROWS=rows, BODY=folder / "1.json")
        thousand = wrk(process, seconds, 1, ROWS=rows, BODY=folder / "1000.json")
    print(f"{'':34}{'p50':>12}{'p95':>12}{'requests/s':>12}{'CPU each':>12}{'per core':>14}")
    show("/prediction/N, one at a time", alone)
    show("/prediction/N, four at once", many)
    show("POST of 1 row", one)
    show("POST of 1,000 rows", thousand)
    surroundings |= {"DATA_DIR": str(folder), "PORT": str(PORT)}
    with server([python, HERE / "articles_way.py"], surroundings) as process:
        theirs = wrk(process, max(20, 2 * seconds), 1, ROWS=rows)
        show("articles' way, one at a time", theirs)
    print()
    print(f"a row in a POST of 1,000 costs {many['cpu'] / (thousand['cpu'] / 1000):.0f} times less CPU time than a /prediction/N, "
          f"{one['cpu'] / (thousand['cpu'] / 1000):.0f} times less than a POST of 1 row")
    print(f"a /prediction/N costs {theirs['cpu'] / many['cpu']:.0f} times less CPU time than the articles' way")


def show(name, result):
    times = "".join(f"{result[key]:>9.1f} ms" for key in ("p50", "p95"))
    failed = f"   {result['failed']} failed" if result["failed"] else ""
    print(f"{name:34}{times}{result['rate']:>12.{0 if result['rate'] > 10 else 1}f}{result['cpu']:>9.2f} ms{1000 / result['cpu']:>12.0f}/s{failed}", flush=True)


@contextlib.contextmanager
def server(command, surroundings):
    """Runs it on the first core until it answers row 0, and to the end of the block."""
    log = tempfile.TemporaryFile()
    process = subprocess.Popen(
        ["taskset", "-c", "0", *command], cwd=SERVICE, env=os.environ | ONE_THREAD | surroundings, stdout=log, stderr=log)
    try:
        wait(process, log)
        yield process
    finally:
        process.terminate()
        process.wait()


def wait(process, log):
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), 1):
            return
        if process.poll() is not None:
            log.seek(0)
            sys.exit(log.read().decode())
        time.sleep(0.1)
    sys.exit("the server did not listen within a minute")


def wrk(process, seconds, connections, **variables):
    """Milliseconds, from the second core where there is one; two seconds before are not counted."""
    command = ["taskset", "-c", str(min(1, os.cpu_count() - 1)), "wrk", "-t", "1", "-c", str(connections), "--timeout", "30s",
               "-s", str(HERE / "requests.lua"), f"http://127.0.0.1:{PORT}"]
    variables = os.environ | {name: str(value) for name, value in variables.items()}
    subprocess.run([*command, "-d", "2s"], env=variables, check=True, capture_output=True)
    before = cpu(process)
    said = subprocess.run([*command, "-d", f"{seconds}s"], env=variables, check=True, capture_output=True, text=True).stdout
    requests, failed, duration, p50, p95 = map(int, re.search(r"RESULT (.*)", said)[1].split())
    if requests == 0:
        sys.exit(f"nothing was answered within {seconds} s: this machine is too busy, or needs a longer --seconds")
    return {"failed": failed, "rate": requests / (duration / 1e6), "p50": p50 / 1000, "p95": p95 / 1000,
            "cpu": (cpu(process) - before) * 1000 / requests}


def cpu(process):
    """Seconds of CPU time of the server and its workers."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ticks = 0
    for pid in [process.pid, *children]:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def bodies(test, folder):
    """Writes the test set's JSON as the articles have it, and bodies of 1 and 1,000 rows; how many rows there are."""
    with open(test, newline="") as file:
        lines = [{name.strip(): float(cell) for name, cell in line.items()} for line in csv.DictReader(file)]
    (folder / "test.json").write_text(json.dumps({str(number): line for number, line in enumerate(lines)}))
    features = [list(line.values())[2:] for line in lines]
    for count in (1, 1000):
        (folder / f"{count}.json").write_text(json.dumps({"rows": features[:count]}))
    return len(lines)


def environment(more):
    """A Python with the service's packages, and what the articles use beside them."""
    wanted = (SERVICE / "requirements.txt").read_text() + "\n".join(more)

    def make(folder):
        subprocess.run(["python3", "-m", "venv", folder], check=True)
        # pip takes nothing without a hash beside what has one.
        for words in (["-r", SERVICE / "requirements.txt"], more):
            subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                            "--only-binary=:all:", *words], check=True)

    return cached("benchmark-venv", wanted, make) / "bin/python"


def training(python):
    """Generated data, and the models that train.py makes of them."""
    wanted = "".join((SERVICE / name).read_text() for name in ("requirements.txt", "generate_data.py", "table.py", "dataset.py", "train.py"))

    def make(folder):
        for arguments in (["generate_data.py", folder / "data"], ["train.py", "--data", folder / "data", "--models", folder / "models"]):
            subprocess.run([python, *arguments], cwd=SERVICE, env=os.environ | ONE_THREAD | {"PYTHONDONTWRITEBYTECODE": "1"},
                           check=True, stdout=sys.stderr)

    return cached("benchmark-models", wanted, make)


def cached(name, ingredients, make):
    """A folder that is complete or not there."""
    folder = CACHE / f"{name}-{hashlib.sha256(ingredients.encode()).hexdigest()[:16]}"
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        make(unfinished)
        unfinished.rename(folder)
    return folder


if __name__ == "__main__":
    main()
