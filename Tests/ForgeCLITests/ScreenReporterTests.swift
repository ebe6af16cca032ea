import ForgeCLI
import ForgeCore
import ForgePlan
import Testing

@Suite("The screen")
struct ScreenReporterTests {
    @Test("shows pods' lines under their names, harmless, each pod in its colour, and says the end elsewhere")
    func podLines() throws {
        let lines: [Event] = [
            .podLine(PodLine(pod: "inference-a", text: "GET /", place: 0, columns: 12)),
            .podLine(PodLine(pod: "inference-bc", text: "\u{1B}[2Jboo", place: 1, columns: 12)),
            .summary(Summary(outcome: .ok, seconds: 2)),
        ]
        let (file, terminal) = (try Scene(), try Scene())
        let plain = ScreenReporter(.init(action: "logs", log: "~/a.log"), file.surroundings)
        for event in lines { plain.report(event) }
        #expect(file.output.text == "inference-a  │ GET /\ninference-bc │ boo\n")
        #expect(file.progress.text == "\n✓ logs finished   2.0 s\n")
        let colourful = ScreenReporter(
            .init(action: "logs"), terminal.surroundings(terminal: .init(columns: 80, rows: 24)))
        for event in lines.dropLast() { colourful.report(event) }
        #expect(
            terminal.output.text == "\u{1B}[36minference-a  │\u{1B}[0m GET /\n\u{1B}[33minference-bc │\u{1B}[0m boo\n")
    }

    @Test("shows the lines of pods that a step follows as its progress")
    func followedPods() throws {
        let scene = try Scene()
        var settings = ScreenReporter.Settings(action: "batch run", log: "~/a.log")
        settings.showsOutput = true
        let screen = ScreenReporter(settings, scene.surroundings)
        screen.report(.podLine(PodLine(pod: "inference-batch-1-x", text: "433 rows predicted", place: 0, columns: 19)))
        screen.report(.summary(Summary(outcome: .ok, seconds: 2)))
        #expect(scene.progress.text == "    inference-batch-1-x │ 433 rows predicted\nlog   ~/a.log\n")
        #expect(scene.output.text == "\n✓ batch run finished   2.0 s\n")
    }

    @Test("that is no terminal gets one plain line per host and step")
    func plain() throws {
        let scene = try Scene()
        let screen = ScreenReporter(.init(action: "provision", log: "~/logs/1.log"), scene.surroundings)
        screen.expect(["kubmaster", "kubnode"])
        for event in Story.events { screen.report(event) }
        #expect(
            scene.progress.text == """
                inventory lab.yaml   (named on the command line)

                container runtime is ready
                  ✓ kubmaster  containerd is installed   (containerd.io: absent → 2.2.1)   12.4 s
                  ✗ kubnode    docker is installed   2.1 s
                ✗ kubnode: `apt-get install` failed with exit code 100
                  why  E: "docker-ce" has no
                       \tcandidate
                  fix  apt-cache madison docker-ce
                  log  ~/logs/1.log
                  · kubnode    1 unchanged
                ✗ something else
                log   ~/logs/1.log

                """)
        #expect(
            scene.output.text == """

                    check                                               expected                          got          \
                                           ms
                  ✗ /prediction/23                                      E                                 F            \
                                          3.2
                      expected  E
                      got       F

                ✗ provision is incomplete: 1 changed, 1 unchanged, 1 failed, 1 check failed   1 min 15 s

                """)
    }

    @Test("counts what did not change for each stage and host, unless each step is asked for")
    func unchanged() throws {
        let events: [Event] = [
            .stageBegan("hosts are prepared"),
            .step(Story.report("kubmaster", "swap is off", .unchanged)),
            .step(Story.report("kubnode", "swap is off", .unchanged)),
            .step(Story.report("kubmaster", "overlay is loaded", .changed, ["it is not"], seconds: 1)),
            .step(Story.report("kubmaster", "/etc/hosts lists every host", .unchanged)),
            .stageBegan("Kubernetes is installed"),
            .step(Story.report("kubnode", "kubelet is installed", .unchanged)),
            .summary(Summary(outcome: .ok, seconds: 2)),
        ]
        let (short, long) = (try Scene(), try Scene())
        var settings = ScreenReporter.Settings(action: "provision")
        let normal = ScreenReporter(settings, short.surroundings)
        normal.expect(["kubmaster", "kubnode"])
        settings.detail = .verbose
        let verbose = ScreenReporter(settings, long.surroundings)
        verbose.expect(["kubmaster", "kubnode"])
        for event in events {
            normal.report(event)
            verbose.report(event)
        }
        #expect(
            short.progress.text == """

                hosts are prepared
                  ✓ kubmaster  overlay is loaded   (it is not)   1.0 s
                  · kubmaster  2 unchanged
                  · kubnode    1 unchanged

                Kubernetes is installed
                  · kubnode    1 unchanged

                """)
        #expect(
            long.progress.text == """

                hosts are prepared
                  · kubmaster  swap is off
                  · kubnode    swap is off
                  ✓ kubmaster  overlay is loaded   (it is not)   1.0 s
                  · kubmaster  /etc/hosts lists every host

                Kubernetes is installed
                  · kubnode    kubelet is installed

                """)
    }

    @Test("of a dry run has the differences on standard output, in lists where they are long")
    func dryRun() throws {
        let scene = try Scene()
        let screen = ScreenReporter(
            .init(action: "provision", isDryRun: true), scene.surroundings(terminal: .init(columns: 60, rows: 20)))
        for event in Plan.events { screen.report(event) }
        #expect(
            scene.output.text.withoutColour == """

                Kubernetes is installed
                  → kubmaster  swap is off   (/swap.img is in use)
                  → kubmaster  kubelet, kubeadm and kubectl are installed
                               kubelet: absent → 1.36.2
                               kubeadm: 1.35.1 → 1.36.2

                ✓ provision: plan complete; nothing was changed: 2 would change, 3 unchanged   0.4 s

                """)
        #expect(scene.progress.text == "")
    }

    private enum Plan {
        static let events: [Event] = [
            .stageBegan("Kubernetes is installed"),
            .step(Story.report("kubmaster", "swap is off", .wouldChange, ["/swap.img is in use"])),
            .step(
                Story.report(
                    "kubmaster", "kubelet, kubeadm and kubectl are installed", .wouldChange,
                    ["kubelet: absent → 1.36.2", "kubeadm: 1.35.1 → 1.36.2"])),
            .summary(Summary(outcome: .ok, hosts: ["kubmaster": summary], seconds: 0.4)),
        ]

        private static var summary: HostSummary {
            var summary = HostSummary()
            summary.wouldChange = 2
            summary.unchanged = 3
            return summary
        }
    }

    @Test("that is quiet shows failures, results and the end")
    func quiet() throws {
        let scene = try Scene()
        let screen = ScreenReporter(.init(action: "provision", detail: .quiet), scene.surroundings)
        for event in Story.events { screen.report(event) }
        #expect(
            scene.progress.text == """
                  ✗ kubnode    docker is installed   2.1 s
                ✗ kubnode: `apt-get install` failed with exit code 100
                  why  E: "docker-ce" has no
                       \tcandidate
                  fix  apt-cache madison docker-ce
                ✗ something else

                """)
    }

    @Test(
        "that is verbose shows what commands print, without their escape sequences, and names other control characters")
    func verbose() throws {
        let scene = try Scene()
        let screen = ScreenReporter(.init(action: "provision", detail: .verbose), scene.surroundings)
        screen.report(
            .output(
                host: "kubnode", OutputLine(stream: .standardOutput, text: "10%\r\u{1B}[32m100%\u{1B}[0m\tdone\u{7}")))
        #expect(scene.progress.text == "    kubnode  │ 100% done\\u{7}\n")
    }

    @Test("that is a terminal cuts the differences, not the time")
    func cut() throws {
        let scene = try Scene()
        let screen = ScreenReporter(
            .init(action: "provision", hasColour: false), scene.surroundings(terminal: .init(columns: 60, rows: 20)))
        screen.report(
            .step(
                Story.report(
                    "kubnode", "swap is off", .changed, ["/swap.img is in use", "fstab has 1 line"], seconds: 1)))
        #expect(scene.progress.text == "  ✓ kubnode  swap is off   (/swap.img is in use; …)   1.0 s\n")
    }

    @Test("colours only the terminal, and not where that is not wanted")
    func colours() throws {
        let step = Event.step(Story.report("kubnode", "swap is off", .changed, seconds: 1))
        let size = TextStream.Size(columns: 60, rows: 20)
        let (scene, plain, dumb) = (try Scene(), try Scene(), try Scene(["TERM": "dumb"]))
        ScreenReporter(.init(action: "provision"), scene.surroundings(terminal: size)).report(step)
        #expect(scene.progress.text == "  \u{1B}[32m✓\u{1B}[0m kubnode  swap is off\u{1B}[2m   1.0 s\u{1B}[0m\n")
        ScreenReporter(.init(action: "provision", hasColour: false), plain.surroundings(terminal: size)).report(step)
        ScreenReporter(.init(action: "provision"), dumb.surroundings(terminal: size)).report(step)
        #expect(plain.progress.text == "  ✓ kubnode  swap is off   1.0 s\n")
        #expect(dumb.progress.text == plain.progress.text)
    }

    @Test("has something to draw while a step runs, on a terminal that shows more than results")
    func drawing() throws {
        let size = TextStream.Size(columns: 70, rows: 20)
        let (scene, dumb) = (try Scene(), try Scene(["TERM": "dumb"]))
        let screen = ScreenReporter(.init(action: "provision"), scene.surroundings(terminal: size))
        #expect(!screen.isDrawing)
        let others = [
            ScreenReporter(.init(action: "provision"), scene.surroundings),
            ScreenReporter(.init(action: "provision", detail: .quiet), scene.surroundings(terminal: size)),
            ScreenReporter(.init(action: "provision"), dumb.surroundings(terminal: size)),
        ]
        for one in [screen] + others { one.report(.stepBegan(host: "a", title: "swap is off")) }
        #expect(screen.isDrawing)
        #expect(others.map(\.isDrawing) == [false, false, false])
        screen.report(.step(Story.report("a", "swap is off", .changed)))
        #expect(!screen.isDrawing)
    }

    @Test("has one heading for all checks, and counts them at the end")
    func checks() throws {
        let scene = try Scene()
        let screen = ScreenReporter(.init(action: "smoke-test"), scene.surroundings)
        for name in ["/score", "/prediction/23"] {
            screen.report(
                .check(CheckReport(name: name, isPassed: true, expected: "E", got: "E", milliseconds: 3.2)))
        }
        screen.report(.summary(Summary(outcome: .ok, seconds: 2)))
        let lines = scene.output.text.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.first?.hasPrefix("    check ") == true)
        #expect(lines.last == "✓ smoke-test finished: 2 checks passed   2.0 s")
    }

    @Test("draws a line for each busy host below the rest, and takes it off again")
    func live() throws {
        let scene = try Scene()
        let screen = ScreenReporter(
            .init(action: "provision", hasColour: false), scene.surroundings(terminal: .init(columns: 70, rows: 20)))
        screen.expect(["kubmaster", "kubnode"])
        screen.report(.stepBegan(host: "kubnode", title: "docker is installed"))
        let line = OutputLine(stream: .standardOutput, text: "Unpacking docker-ce (5:29.1.0-1~debian) over nothing")
        screen.report(.output(host: "kubnode", line))
        scene.pass(7)
        screen.redraw()
        screen.report(.step(Story.report("kubnode", "docker is installed", .changed, seconds: 7)))
        screen.report(.summary(Summary(outcome: .ok)))
        let frames = scene.progress.text.split(separator: "\r\u{1B}[1A\u{1B}[J", omittingEmptySubsequences: false).map(
            String.init)
        #expect(frames.first == "  ⠋ kubnode    docker is installed   0 s\n")
        #expect(frames.dropFirst().first == "  ⠋ kubnode    docker is installed   Unpacking docker-ce (5:29…   7 s\n")
        #expect(frames.last == "  ✓ kubnode    docker is installed   7.0 s\n")
        #expect(scene.output.text == "\n✓ provision finished   0.0 s\n")
    }

    @Test("never draws more live lines than it can take off")
    func liveLimit() throws {
        let scene = try Scene()
        let screen = ScreenReporter(
            .init(action: "provision", hasColour: false), scene.surroundings(terminal: .init(columns: 70, rows: 6)))
        screen.expect(["node1"])
        for number in [2, 3, 1, 4, 5] { screen.report(.stepBegan(host: "node\(number)", title: "swap is off")) }
        #expect(
            scene.progress.text.hasSuffix(
                """
                \r\u{1B}[4A\u{1B}[J  ⠋ node1  swap is off   0 s
                  ⠋ node2  swap is off   0 s
                  ⠋ node3  swap is off   0 s
                    … and 2 more

                """))
    }
}

extension String {
    fileprivate var withoutColour: String { replacing(/\u{1B}\[[0-9;]*m/, with: "") }
}
