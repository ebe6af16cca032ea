import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

/// The line is run here, with a kubectl that says what the test wants.
@Suite("What the models were trained to answer that pods run")
struct DeployedModelFilesTests {
    private let line = DeployedModelFiles(deployment: "inference", kubectl: Kubectl(namespace: "mlops")).line(
        "metadata.json", orKept: "golden.json")

    private func run(deployment: String, pods: [String] = [], _ line: String? = nil) throws -> LocalProgram {
        let line = line ?? self.line
        let kubectl = """
            kubectl() {
              case " $* " in
                *' get deployment '*) printf '%s' '\(deployment)';;
                *' get pods '*) printf '%s\\n' \(pods.map(\.shellQuoted).joined(separator: " "));;
                *' exec '*) shift 5; echo "$*";;
              esac
            }
            cat() { echo "cat $*"; }

            """
        return try LocalProgram("sh", "-c", kubectl + line)
    }

    @Test("is read out of a pod of the release that runs, and of no other")
    func inPod() throws {
        let pods = [
            "leaving t2 Running 2026-11-21T15:17:32Z", "other t1 Running ", "new t2 Pending ", "this t2 Running ",
            "next t2 Running ",
        ]
        #expect(
            try run(deployment: "10.77.0.11:5443/mlops/inference:0123456789abcdef has-models t2", pods: pods).output
                == "exec this -- head -c 16777217 /app/models/metadata.json\n")
        let none = try run(deployment: "10.77.0.11:5443/mlops/inference:0123456789abcdef has-models t2")
        #expect(none.output.isEmpty && none.exitCode == 1)
    }

    @Test("is what a deploy has kept of the image, where models are in the image")
    func kept() throws {
        #expect(
            try run(deployment: "registry:5000/mlops/inference:0123456789abcdef has- t2").output
                == "cat -- /var/lib/kubeforge/releases/0123456789abcdef/golden.json\n")
    }

    @Test("is read out of a pod, too, where models are in the image and a deploy keeps no such file")
    func alwaysInPod() throws {
        let line = DeployedModelFiles(deployment: "inference", kubectl: Kubectl(namespace: "mlops")).inPod(
            "metadata.json")
        let deployment = "registry:5000/mlops/inference:0123456789abcdef has- t2"
        #expect(
            try run(deployment: deployment, pods: ["old t1 Running ", "this t2 Running "], line).output
                == "exec this -- head -c 16777217 /app/models/metadata.json\n")
        let answers = DeployedModelFiles(deployment: "inference", kubectl: Kubectl(namespace: "mlops")).inPod(
            "golden.json")
        #expect(
            try run(deployment: deployment, pods: ["this t2 Running "], answers).output
                == "exec this -- head -c 50331649 /app/models/golden.json\n")
    }

    @Test("is not known where a pod cannot be asked, in kubectl's words or in those of the pod's own program")
    func silent() async throws {
        for (words, reason) in [
            (
                "Defaulted container \"api\" out of: api, models\nError from server: error dialing backend: x509",
                "Error from server: error dialing backend: x509"
            ),
            (
                "head: cannot open '/app/models/metadata.json'\ncommand terminated with exit code 1",
                "head: cannot open '/app/models/metadata.json'"
            ),
            ("Warning: v1beta1 is old\nError from server: no route", "Error from server: no route"),
            ("command terminated with exit code 137", "command terminated with exit code 137"),
            ("", "no pod of it runs that could be asked for /app/models/metadata.json"),
        ] {
            try await TemporaryDirectory.during { directory in
                let kubectl = """
                    #!/bin/sh
                    case " $* " in
                      *' get deployment '*) echo 'registry/inference:0123456789abcdef has-models t2';;
                      *' get pods '*) echo 'this t2 Running ';;
                      *) printf '%s\\n' \(words.shellQuoted) >&2; exit 1;;
                    esac

                    """
                try directory.write("kubectl", kubectl, mode: 0o755)
                let host = LocalTransport(programs: directory.path)
                let answer = try await host.ask([.command(line)], of: Example.master).command(line)
                #expect(answer.exitCode == 1)
                #expect(DeployedModelFiles.silence(answer, about: "metadata.json") == reason)
                // As a command, it has its reason where the reason of each command is.
                let run = try await host.run(Command("sh", "-c", Word(line)))
                #expect(run.errorText.trimming(while: \.isNewline) == words)
            }
        }
    }

    @Test("is not known where kubectl takes too long, whatever it had printed", arguments: [124, 1])
    func late(exitCode: Int) {
        let answer = CommandState(exitCode: exitCode, text: "{\"version\": \"a")
        #expect(
            DeployedModelFiles.silence(answer, about: "metadata.json")
                == (exitCode == 124 ? "kubectl took too long" : "{\"version\": \"a"))
    }

    @Test("is not known where no pod runs, and smoke-test says so")
    func unknown() throws {
        let look = RunningRelease.Look(Service())
        let deployment = Small.deployment.replacing(
            #""spec":{"containers""#,
            with: "\"spec\":{\"initContainers\":[\(Told.fetching(Example.version))],\"containers\"")
        let answers = [
            look.release.deployment: CommandState(text: deployment),
            look.exposure: CommandState(text: Small.exposure), look.pods: CommandState(text: "{\"items\":[]}"),
            look.answers: CommandState(exitCode: 1),
        ]
        let error = #expect(throws: Problem.self) {
            try RunningRelease(Service(), host: "kubmaster", answers: Example.answers(answers))
        }
        #expect(
            error?.description == """
                kubmaster: there are no expected answers for 10.77.0.11:5443/mlops/inference:0123456789abcdef
                  why  no pod of it runs that could be asked for /app/models/golden.json
                  fix  `kubeforge logs` and `kubectl get pods` say what the pods do; `kubeforge deploy` brings them back
                """)
    }
}
