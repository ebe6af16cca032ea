import ForgeCore
import ForgeInventory
import ForgePlan
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
                == "exec this -- cat /app/models/metadata.json\n")
        #expect(
            try run(deployment: "10.77.0.11:5443/mlops/inference:0123456789abcdef has-models t2").output
                == "exec of-this-release -- cat /app/models/metadata.json\n")
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
                == "exec this -- cat /app/models/metadata.json\n")
    }

    @Test("is not known where no pod runs, and smoke-test says so")
    func unknown() throws {
        let look = RunningRelease.Look(Service())
        let deployment = Small.deployment.replacing(
            #""spec":{"containers""#,
            with: "\"spec\":{\"initContainers\":[\(Told.fetching(Example.version))],\"containers\"")
        let answers = [
            look.release.sign: CommandState(text: "ok"), look.release.deployment: CommandState(text: deployment),
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
