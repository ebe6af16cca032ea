import Foundation
import Testing

/// A script of Python with the real service at hand.
///
/// It may call `start()` again after `stop()`, which gives its exit code; `drain()`, as preStop does it; `connect()`
/// for an `http.client` connection; `stall(bytes)` for a socket that has sent them, of which `everything(socket)` reads
/// what comes; `ask(method, path)` for a status and `get(path)` for a whole answer; `wait(condition, what)`. What the
/// service said since its start is in `log` and, on standard output, in `told`.
struct ServiceScript {
    let data: URL
    let models: URL
    let python: Python

    /// Over the small training: for a suite that any models will do for.
    init() async throws {
        let training = try await Training.small.value
        try await self.init(data: training.data, models: training.models, Python.shared.value)
    }

    init(data: URL, models: URL, _ python: Python) { (self.data, self.models, self.python) = (data, models, python) }

    /// What the script prints. `before`: runs in the service's own process, before it starts.
    func said(_ script: String, before: String = "", _ more: [String: String] = [:]) throws -> String {
        let directory = try TemporaryDirectory()
        let environment = [
            "DATA_DIR": data.path, "MODELS_DIR": models.path, "TMPDIR": directory.url.path, "BEFORE": before,
        ]
        return try LocalProgram.succeeded(
            [
                "env", "--default-signal", python.executable, "-c",
                Self.hand + script + "\nif server.poll() is None: stop()\n",
            ],
            in: ServiceFiles.sources, environment: environment.merging(more) { $1 })
    }

    /// Starts the service as nobody can, and expects one sentence that begins so.
    func refuses(_ environment: [String: String], _ reason: String) throws {
        let program = try LocalProgram.run(
            [python.executable, "server.py", "--host", "127.0.0.1", "--port", "0"], in: ServiceFiles.sources,
            environment: environment.merging(["DATA_DIR": data.path, "MODELS_DIR": models.path]) { $1 })
        #expect(program.status == 1)
        #expect(program.errors.hasPrefix("the service cannot start: \(reason)"), "\(program.errors)")
        #expect(program.errors.split(separator: "\n").count == 1, "\(program.errors)")
    }

    private static let hand = #"""
        import atexit, gzip, http.client, json, os, re, resource, socket, ssl, subprocess, sys, threading, time
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if hard != resource.RLIM_INFINITY else 8192, hard))
        log, told, server, context = [], [], None, None
        def keep(stream, lines):
            for line in stream: lines.append(line)
        def start():
            global server, port
            begin = len(log)
            command = [sys.executable, "-c", os.environ["BEFORE"] + "\nimport server; server.main()", "--host", \#
        "127.0.0.1", "--port", "0"]
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            atexit.register(server.kill)
            port = None
            for line in server.stderr:
                log.append(line)
                found = re.search(r"Listening at: .*:(\d+) ", line)
                if found: port = int(found[1]); break
            if port is None: sys.exit("".join(log[begin:]))
            for stream, lines in ((server.stderr, log), (server.stdout, told)): threading.Thread(target=keep, \#
        args=[stream, lines], daemon=True).start()
        def stop(): server.terminate(); return server.wait(30)
        def drain(): open(os.environ["TMPDIR"] + "/draining", "w")
        def connect():
            if context: return http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
            return http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        def stall(beginning, is_all=False):
            connection = socket.create_connection(("127.0.0.1", port), timeout=60)
            connection.sendall(beginning)
            return connection
        def everything(connection):
            content = b""
            while piece := connection.recv(65536): content += piece
            return content
        def get(path, method="GET", body=None, headers={}):
            connection = connect(); connection.request(method, path, body, headers)
            answer = connection.getresponse(); answer.text = answer.read().decode("utf-8", "backslashreplace")
            return answer
        def ask(method, path, body=None): return get(path, method, body).status
        def wait(so, what):
            end = time.monotonic() + 60
            while not so():
                if time.monotonic() > end: server.kill(); sys.exit(f"waited a minute until {what}")
                time.sleep(0.01)
        start()

        """#
}
