"""How fast does the service answer, beside others? All on one core of this machine, in one run.

    python3 Tests/ServiceBenchmark/benchmark.py [--seconds 10]

The others: the service as it was (Flask and gunicorn), LitServe, and the articles' way. CPU time is the server's own, so that what
else this machine does is not counted against it.
"""

import argparse
import contextlib
import csv
import hashlib
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVICE = HERE.parent.parent / "templates" / "service"
EXAMPLE = SERVICE.parent / "example"
CACHE = Path(os.environ.get("KUBEFORGE_CACHE", Path.home() / ".cache/kubeforge"))
PORT = 8097
ONE_THREAD = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=int, default=10, help="for each measurement")
    seconds = options.parse_args().seconds
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed: apt-get install wrk")
    python, peer = environment(["pandas==3.1.1", "flask==3.1.3", "gunicorn==27.0.1"]), environment(["litserve==0.2.19"])
    trained = training(python)
    with tempfile.TemporaryDirectory() as directory:
        measure(python, peer, trained, Path(directory), seconds)


def measure(python, peer, trained, directory, seconds):
    if os.getloadavg()[0] > os.cpu_count() / 2:
        print(f"this machine is busy (load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores): times are longer than the service's own\n")
    rows = bodies(trained / "data/test.csv", directory)
    surroundings = {"DATA_DIR": str(trained / "data"), "MODELS_DIR": str(trained / "models"), "PORT": str(PORT)}
    print(f"{'':44}{'p50':>12}{'p95':>12}{'requests/s':>12}{'CPU each':>12}")
    ways = {
        "this service": ([python, SERVICE / "server.py", "--host", "127.0.0.1", "--port", str(PORT)], "/prediction"),
        "as it was": ([python, HERE / "flask_way.py"], "/prediction"),
        "LitServe": ([peer, HERE / "litserve_way.py"], "/predict"),
    }
    found = {name: way(name, command, place, rows, surroundings, directory, seconds) for name, (command, place) in ways.items()}
    with server([python, HERE / "articles_way.py"], surroundings | {"DATA_DIR": str(directory)}) as process:
        theirs = wrk(process, max(20, 2 * seconds), 1, ROWS=rows)
        show("articles' way, /prediction/N, 1 client", theirs)
    compare(found, theirs)


def way(name, command, place, rows, surroundings, directory, seconds):
    """What one server does: {what: measured}."""
    found = {}
    with server(command, surroundings) as process:
        one, thousand = {"BODY": directory / "1.json", "PLACE": place}, {"BODY": directory / "1000.json", "PLACE": place}
        asked = [("/prediction/N", clients, {}) for clients in (1, 8, 32) if place == "/prediction"]
        asked += [("POST of 1 row", clients, one) for clients in (1, 8, 32)] + [("POST of 1,000 rows", 1, thousand)]
        for what, clients, variables in asked:
            key = f"{what}, {clients} client{'' if clients == 1 else 's'}"
            found[key] = wrk(process, seconds, clients, ROWS=rows, **variables)
            show(f"{name}, {key}", found[key])
        found["memory"] = memory(process)
        found["stalled"] = {count: stalled(count) for count in (8, 40, 900)}
    times = ", ".join(f"{count}: {'no answer in 5 s' if took is None else f'{took[10]:.0f} and {took[-1]:.0f} ms'}"
                      for count, took in found["stalled"].items())
    print(f"{name}, memory {found['memory']:.0f} MB; /healthz while clients stall, p50 and longest of 21: {times}\n", flush=True)
    return found


def compare(found, theirs):
    new, old = found["this service"], found["as it was"]

    def times(what, key):
        return new[what][key] / old[what][key]

    one, many, thousand = "/prediction/N, 1 client", "/prediction/N, 32 clients", "POST of 1,000 rows, 1 client"
    print(f"\nbeside as it was: {times(many, 'rate'):.1f} times the requests/s of 32 clients, {times(one, 'p50'):.2f} times the p50 of one, "
          f"{times(thousand, 'cpu'):.2f} times the CPU time of 1,000 rows, {times(thousand, 'p50'):.2f} times their p50")
    print(f"a row in a POST of 1,000 costs {new['POST of 1 row, 1 client']['cpu'] / (new[thousand]['cpu'] / 1000):.0f} times less CPU time than "
          f"a POST of 1 row; a /prediction/N costs {theirs['cpu'] / new[one]['cpu']:.0f} times less than the articles' way")


def stalled(count):
    """How many milliseconds /healthz takes, 21 times, while so many clients stall with half a body; None: an answer did not come."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    begun = b"POST /prediction HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
    clients, times = [], []
    try:
        for _ in range(count):
            clients.append(socket.create_connection(("127.0.0.1", PORT), 5))
            clients[-1].sendall(begun)
        for _ in range(21):
            begin = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            connection.close()
            times.append((time.monotonic() - begin) * 1000)
    except OSError:
        return None
    finally:
        for client in clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return sorted(times)


def show(name, result):
    times = "".join(f"{result[key]:>9.1f} ms" for key in ("p50", "p95"))
    failed = f"   {result['failed']} failed" if result["failed"] else ""
    print(f"{name:44}{times}{result['rate']:>12.{0 if result['rate'] > 10 else 1}f}{result['cpu']:>9.2f} ms{failed}", flush=True)


@contextlib.contextmanager
def server(command, surroundings):
    """Runs it on the first core until it answers row 0, and to the end of the block."""
    log = tempfile.TemporaryFile()
    process = subprocess.Popen(
        ["taskset", "-c", "0", *command], cwd=SERVICE, env=os.environ | ONE_THREAD | {"PYTHONDONTWRITEBYTECODE": "1"} | surroundings, stdout=log, stderr=log,
        start_new_session=True)
    try:
        wait(process, log)
        yield process
    finally:
        # With all that it started: some servers leave workers behind, which would answer for the next.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        while is_listening():
            time.sleep(0.1)


def is_listening():
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), 1):
        return True
    return False


def wait(process, log):
    for _ in range(600):
        if is_listening():
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
    ticks = 0
    for pid in family(process.pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(process):
    """Megabytes of the server and its workers; what they share is counted once."""
    shares = [re.search(r"^Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M) for pid in family(process.pid)]
    return sum(int(share[1]) for share in shares if share) / 1024


def family(pid):
    """A process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def bodies(test, directory):
    """Writes the test set's JSON as the articles have it, and bodies of 1 and 1,000 rows; how many rows there are."""
    with open(test, newline="") as file:
        lines = [{name.strip(): float(cell) for name, cell in line.items()} for line in csv.DictReader(file)]
    (directory / "test.json").write_text(json.dumps({str(number): line for number, line in enumerate(lines)}))
    features = [list(line.values())[2:] for line in lines]
    for count in (1, 1000):
        (directory / f"{count}.json").write_text(json.dumps({"rows": features[:count]}))
    return len(lines)


def environment(more):
    """A Python with the service's packages, and others beside them."""
    wanted = (SERVICE / "requirements.txt").read_text() + "\n".join(more)

    def make(directory):
        subprocess.run(["python3", "-m", "venv", directory], check=True)
        # pip takes nothing without a hash beside what has one.
        for words in (["-r", SERVICE / "requirements.txt"], more):
            subprocess.run([directory / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                            "--only-binary=:all:", *words], check=True)

    return cached("benchmark-venv", wanted, make) / "bin/python"


def training(python):
    """The example, and the models that train.py makes of it."""
    sources = [*sorted(SERVICE.glob("*.py")), SERVICE / "requirements.txt", *sorted(EXAMPLE.iterdir())]
    wanted = "".join(path.read_text() for path in sources)

    def make(directory):
        data = directory / "data"
        shutil.copytree(EXAMPLE, data)
        arguments = ["train.py", "--directory", data, "--data", data, "--models", directory / "models"]
        subprocess.run([python, *arguments], cwd=SERVICE, env=os.environ | ONE_THREAD | {"PYTHONDONTWRITEBYTECODE": "1"},
                       check=True, stdout=sys.stderr)

    return cached("benchmark-models", wanted, make)


def cached(name, ingredients, make):
    """A directory that is either complete or absent."""
    directory = CACHE / f"{name}-{hashlib.sha256(ingredients.encode()).hexdigest()[:16]}"
    if not directory.exists():
        unfinished = directory.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        make(unfinished)
        unfinished.rename(directory)
    return directory


if __name__ == "__main__":
    main()
