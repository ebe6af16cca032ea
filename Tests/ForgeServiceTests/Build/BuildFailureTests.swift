import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("A build that fails")
struct BuildFailureTests {
    @Test("says why in its own last words, and what to do")
    func failureSaysWhy() async throws {
        let said = """
            Step 7/14 : RUN python -m pip install -r requirements.txt
             ---> Running in 3f
                 ━━━━━━━━━━━━ 501.7/501.7 kB 334.8 MB/s eta 0:00:00
            \u{1B}[91mERROR: Could not find a version that satisfies the requirement scikit-learn==1.9.1 (from \
            versions: none)
            \u{1B}[0m\u{1B}[91mERROR: No matching distribution found for scikit-learn==1.9.1
            \u{1B}[0mThe command '/bin/sh -c python -m pip install' returned a non-zero code: 1
            """
        let transport = ScriptedTransport { _ in Output(standardOutput: Array(said.utf8), exit: .code(1)) }
        let error = await #expect(throws: Problem.self) {
            try await ImageIsBuilt(Example.release, arguments: []).apply(
                to: Machine(host: Example.master, transport: transport))
        }
        #expect(
            error?.description == """
                kubmaster: `sudo docker build --tag inference:0123456789abcdef \
                /var/lib/kubeforge/contexts/0123456789abcdef` failed with exit code 1
                  why  Step 7/14 : RUN python -m pip install -r requirements.txt
                       ---> Running in 3f
                       ERROR: Could not find a version that satisfies the requirement scikit-learn==1.9.1 (from \
                versions: none)
                       ERROR: No matching distribution found for scikit-learn==1.9.1
                       The command '/bin/sh -c python -m pip install' returned a non-zero code: 1
                  fix  the Python index lacks a package of requirements.txt for this Python: name a complete one in \
                the inventory (mirrors: python:)
                """)
    }

    @Test("of BuildKit shows what the failed step printed, not the Dockerfile")
    func buildKitSaysWhy() {
        let output = Output(standardOutput: Array(Golden("Build/buildkit.log").text.utf8), exit: .code(1))
        let problem = BuildFailure(release: Example.release, output: output, host: Example.master).problem
        #expect(
            problem.why == """
                Looking in indexes: http://10.83.0.1:8000/simple
                ERROR: Could not find a version that satisfies the requirement scikit-learn==9.9.9 (from versions: \
                1.9.1)
                ERROR: No matching distribution found for scikit-learn==9.9.9
                ERROR: process "/bin/sh -c python -m pip install -r requirements.txt" did not complete successfully: \
                exit code: 1
                ERROR: failed to solve: process "/bin/sh -c python -m pip install -r requirements.txt" did not \
                complete successfully: exit code: 1
                """)
        #expect(problem.fix?.hasPrefix("the Python index lacks a package") == true)
    }

    @Test("tells its last twelve lines, and looks for what helps in its last sixty")
    func lastLines() {
        func problem(_ lines: [String]) -> Problem {
            let output = Output(standardOutput: Array(lines.joined(separator: "\n").utf8), exit: .code(1))
            return BuildFailure(release: Example.release, output: output, host: Example.master).problem
        }
        func numbered(_ numbers: ClosedRange<Int>) -> [String] { numbers.map { "line \($0)" } }
        #expect(problem(numbered(1...13)).why == numbered(2...13).joined(separator: "\n"))
        let sign = ["write /x: no space left on device"]
        #expect(problem(sign + numbered(1...59)).fix?.hasPrefix("make room on kubmaster") == true)
        #expect(problem(sign + numbered(1...60)).fix?.hasPrefix("try it by hand on kubmaster") == true)
    }

    @Test(
        "is told with what helps",
        arguments: [
            (
                "write /var/lib/docker/tmp/x: no space left on device",
                "make room on kubmaster: `docker system prune`, `df -h /var/lib/docker`"
            ),
            (
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
                "start Docker on kubmaster: `systemctl status docker` says why it does not run"
            ),
            (
                """
                The conflict is caused by:
                    old 1.0 depends on click<8.2
                    The user requested (constraint) click==8.5.1
                """,
                """
                what follows (constraint) is what the service itself runs on, or what a -c file of yours asks \
                for: take the other requirement out of requirements.txt of the model directory, or write a version \
                that goes with it
                """
            ),
            (
                "Step 9: RUN python train.py\n/app/model/train.csv:7, column 3 (a): must be a number, is 'x'",
                """
                correct the file of the model directory (service: model:), or of service: data:; the line above says \
                which and where
                """
            ),
            (
                """
                churn differs from expected.csv on 37 of 500 rows (row 17: yes 0.91, expected no 0.48)
                """,
                "give requirements.txt of the model directory the versions of your notebook, or correct expected.csv"
            ),
            (
                "churn.joblib: was saved by scikit-learn 1.4.2, but 1.9.1 is installed: pin scikit-learn==1.4.2",
                "do what the line above says, in the model directory (service: model:)"
            ),
            (
                "note: test.csv: 2 rows are there twice\ntrain.py of the model directory failed: KeyError: 'age'",
                "correct that program in the model directory (service: model:); its last words are above"
            ),
            (
                "manifest for python:9 not found: manifest unknown",
                "is service: baseImage: in the inventory right, and does its registry (mirrors: registries:) have it?"
            ),
            (
                "Get \"https://10.77.0.1:5000/v2/\": http: server gave HTTP response to HTTPS client",
                """
                that registry speaks plain HTTP: name it with http:// in the inventory (mirrors: registries:), and run \
                `kubeforge provision`
                """
            ),
            (
                """
                Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on 10.77.0.1:53: \
                connection refused
                """,
                """
                neither the mirror of docker.io nor docker.io itself gave the base image: is service: baseImage: in \
                the inventory right, and does the mirror (mirrors: registries:) have it?
                """
            ),
            (
                "dial tcp: lookup ghcr.io: no such host",
                """
                kubmaster cannot reach a registry or the Python index: check its network, or name mirrors in the \
                inventory (mirrors: registries:, python:)
                """
            ),
            (
                """
                #9 ERROR: lstat /apt: no such file or directory\nERROR: failed to solve: lstat /apt: no such file or \
                directory
                """,
                """
                the Dockerfile copies what is not in kubmaster's build context: correct service/Dockerfile of your \
                templates (--templates); write a directory that may be missing as a pattern, such as dat[a]/*.csv
                """
            ),
            (
                "ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: CPY",
                "correct service/Dockerfile of your templates (--templates); the line above says where"
            ),
            (
                "exec /bin/sh: exec format error",
                "service: baseImage: has no image for the processor of kubmaster: name one that has"
            ),
            ("boom", "try it by hand on kubmaster: `sudo docker build /var/lib/kubeforge/contexts/0123456789abcdef`"),
            (
                "note: test.csv: has the rows of train.csv\nboom",
                "try it by hand on kubmaster: `sudo docker build /var/lib/kubeforge/contexts/0123456789abcdef`"
            ),
        ])
    func knowsWhatHelps(said: String, fix: String) {
        let output = Output(standardOutput: Array(said.utf8), exit: .code(1))
        #expect(BuildFailure(release: Example.release, output: output, host: Example.master).problem.fix == fix)
    }
}
