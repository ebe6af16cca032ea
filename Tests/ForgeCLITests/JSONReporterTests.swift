import ForgeCLI
import ForgeCore
import ForgePlan
import Testing

@Suite("JSON lines")
struct JSONReporterTests {
    @Test("tell what begins, steps, checks, problems and the summary, and nothing else")
    func lines() throws {
        let scene = try Scene()
        let reporter = JSONReporter(scene.surroundings)
        for event in Story.events { reporter.report(event) }
        #expect(
            scene.output.text == """
                {"event":"step","stage":"container runtime is ready","host":"kubnode","title":"containerd is \
                installed","outcome":"unchanged","differences":[],"seconds":0.002}
                {"event":"began","host":"kubmaster","title":"containerd is installed"}
                {"event":"step","stage":"container runtime is ready","host":"kubmaster","title":"containerd is \
                installed","outcome":"changed","differences":["containerd.io: absent → 2.2.1"],"seconds":12.412}
                {"event":"began","host":"kubnode","title":"docker is installed"}
                {"event":"step","stage":"container runtime is ready","host":"kubnode","title":"docker is \
                installed","outcome":"failed","differences":["docker-ce: absent → 29.1.0"],"seconds":2.100}
                {"event":"problem","host":"kubnode","what":"kubnode: `apt-get install` failed with exit code \
                100","why":"E: \\"docker-ce\\" has no\\n\\tcandidate","fix":"apt-cache madison docker-ce"}
                {"event":"check","name":"/prediction/23","outcome":"failed","expected":"E","got":"F",\
                "milliseconds":3.200}
                {"event":"problem","host":null,"what":"something else","why":null,"fix":null}
                {"event":"summary","outcome":"incomplete","changed":1,"unchanged":1,"wouldChange":0,"failed":1,\
                "seconds":75.000,"hosts":{"kubmaster":{"changed":1,"unchanged":0,"wouldChange":0,"failed":0,\
                "roundTrips":3,"bytesSent":5120},"kubnode":{"changed":0,"unchanged":1,"wouldChange":0,"failed":1,\
                "roundTrips":2,"bytesSent":99}}}

                """)
    }

    @Test("tell a table row by row, and a pod's line with its name")
    func rows() throws {
        let scene = try Scene()
        let reporter = JSONReporter(scene.surroundings)
        reporter.report(
            .table(
                Table(
                    of: "job", columns: [.init("name", "name"), .init("lastRun", "last run")],
                    rows: [["a", "b"], ["c", ""]])))
        reporter.report(.podLine(PodLine(pod: "inference-a", text: "GET \"/\"")))
        #expect(
            scene.output.text == """
                {"event":"job","name":"a","lastRun":"b"}
                {"event":"job","name":"c","lastRun":null}
                {"event":"output","pod":"inference-a","line":"GET \\"/\\""}

                """)
    }

    @Test("leave sentences for people to standard error")
    func notes() throws {
        let scene = try Scene()
        JSONReporter(scene.surroundings).report(.note("inventory lab.yaml"))
        #expect(scene.output.text == "")
        #expect(scene.progress.text == "inventory lab.yaml\n")
    }

    @Test("stay one line and valid whatever a program printed")
    func escapes() throws {
        let scene = try Scene()
        JSONReporter(scene.surroundings).report(.problem(Problem(what: "a\u{1B}[1mb\r\n\u{0}\\ü"), host: nil))
        #expect(
            scene.output.text
                == #"{"event":"problem","host":null,"what":"a\u001b[1mb\r\n\u0000\\ü","why":null,"fix":null}"# + "\n")
    }

    @Test("have hosts in the order of their names, however many there are")
    func order() throws {
        let scene = try Scene()
        let names = (1...9).map { "node\($0)" }
        let hosts = Dictionary(uniqueKeysWithValues: names.map { ($0, HostSummary()) })
        JSONReporter(scene.surroundings).report(.summary(Summary(outcome: .ok, hosts: hosts)))
        let told = scene.output.text.matches(of: /"(node\d)":/).map { String($0.1) }
        #expect(told == names)
    }
}
