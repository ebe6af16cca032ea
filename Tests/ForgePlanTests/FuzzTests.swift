import ForgeCore
import ForgeTestSupport
import Testing

@testable import ForgePlan

@Suite("Fuzz: what a machine answers")
struct FuzzTests {
    private static let questions: [Question] = [
        .file("/etc/hosts"), .file("/a b"), .file("/c"), .contents("/etc/os-release"), .contents("/x"),
        .package("kubeadm"),
        .package("containerd.io"),
        .unit("containerd.service"), .unit("kubelet.service"), .sysctl("net.ipv4.ip_forward"), .module("overlay"),
        .swaps, .command("date"),
        .command("true"),
    ]

    private static func frame(_ text: String, code: Int = 0) -> String { "\(code) \(text.utf8.count)\n\(text)\n" }

    /// As a machine answers each of them, alone.
    private static let pieces: [(Question, String)] = [
        (
            .file("/etc/hosts"),
            [
                frame(" 0"), frame(" 0"), frame("regular file|644|root:root|20|1763723454"),
                frame(String(repeating: "a", count: 64) + "  /etc/hosts"),
            ].joined()
        ),
        (.package("kubeadm"), frame("kubeadm|hi |1.36.2-1.1")),
        (
            .unit("containerd.service"),
            frame(
                """
                LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nActiveEnterTimestamp=Sat 2026-11-21 \
                11:10:54 UTC
                """
            )
        ),
        (.sysctl("net.ipv4.ip_forward"), frame("/proc/sys/net/ipv4/ip_forward:1")), (.module("overlay"), frame("")),
        (.swaps, frame("/dev/sda2")), (.contents("/etc/os-release"), frame("ID=debian\nVERSION_ID=\"12\"\n")),
        (.command("date"), frame("1763723454")),
    ]

    /// As a machine answers them all.
    private static let answer = [
        frame(" 0 1"), frame(" 0"),
        frame("regular file|644|root:root|20|1763723454\ndirectory|755|root:root|4096|1763723454"),
        frame(String(repeating: "a", count: 64) + "  /etc/hosts"),
        frame("kubeadm|hi |1.36.2-1.1\ncontainerd.io|ii |2.2.1-1~debian"),
        frame(
            """
            LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nActiveEnterTimestamp=Sat 2026-11-21 11:10:54 \
            UTC\n\nLoadState=not-found\nActiveState=inactive
            """
        ),
        frame("/proc/sys/net/ipv4/ip_forward:1"), frame(""), frame("/dev/sda2"),
        frame("ID=debian\nVERSION_ID=\"12\"\n"),
        frame("", code: 1), frame("1763723454"), frame(""),
    ].joined()

    @Test("the answers of a look")
    func look() throws {
        let script = QuestionScript(Self.questions)
        try Fuzz("answers of a look", samples: [Self.answer]).run {
            let answers = try script.answers(from: $0.bytes)
            return answers.package("kubeadm").installed == "1.36.2-1.1" && answers.swaps == ["/dev/sda2"]
        }
        let scripts = Self.pieces.map { QuestionScript([$0.0]) }
        for (script, piece) in zip(scripts, Self.pieces) {
            #expect(throws: Never.self, "\(piece.0)") { try script.answers(from: Array(piece.1.utf8)) }
        }
        try Fuzz("answer to one question", samples: Self.pieces.map(\.1)).run { input in
            scripts.map { (try? $0.answers(from: input.bytes)) != nil }.contains(true)
        }
    }

    @Test("the time of a unit")
    func unit() throws {
        try Fuzz("time of a unit", samples: ["Sat 2026-11-21 11:10:54 UTC", "Thu 1970-01-01 00:00:00 UTC"]).run {
            UnitSection.secondsSince1970($0.text) == 1_795_259_454
        }
    }

    private static var plan: Plan {
        let access = Host.Access(user: "ubuntu", keyPath: nil, knownHostsPath: "/k")
        let host = Host(name: "m1", address: IPv4Address(bits: 1), role: .worker, isSchedulable: true, access: access)
        let steps: [any Step] = [
            FileIs(RemoteFile("/etc/x", "x")), FileIsAbsent("/x", title: "x"), KernelModule("overlay"),
            StartsAtBoot("x"),
            Packages(["kubeadm"], version: "1.36.2-", isHeld: true, by: .apt),
            Sysctls(["net.ipv4.ip_forward": "1"], title: "x"),
            SysctlMinimums(["fs.inotify.max_user_instances": 8192], title: "x"),
            Unit("containerd.service", runningSince: ["/etc/x"], title: "x"), MachineIsFree(),
        ]
        return Plan(stages: [Stage("all", on: [host]) { _ in steps }])
    }

    /// Real answers, and what some step says of each.
    private static let answers: [(String, String)] = [
        ("0", "net.ipv4.ip_forward: 0 → 1"), ("512", "fs.inotify.max_user_instances: 512 → 8192"),
        ("1.35.1-1.1", "kubeadm: 1.35.1-1.1 → 1.36.2-"),
        ("# /etc/sysctl.d/99-mine.conf\nnet/ipv4/ip_forward = 0\n", "/etc/sysctl.d/99-mine.conf"),
        (
            "kept 0123456789abcdef anna@laptop 0123456789abcdef 4711 2026-11-21T09:12:03Z provision\n",
            "it is held by `kubeforge provision` of anna@laptop"
        ),
    ]

    @Test("real answers are understood", arguments: answers)
    func understood(answer: String, words: String) {
        let said = Self.plan.says(of: answer)
        #expect(said.contains { $0.contains(words) }, "no step says “\(words)” of \(answer)")
    }

    @Test("steps of every plan")
    func steps() throws {
        let sources =
            """
            /etc/apt/sources.list:1:deb [signed-by=/k] http://deb.debian.org/debian bookworm \
            main\n/etc/apt/x.sources:1:Types: deb\n/etc/apt/x.sources:2:URIs: http://a\n/etc/apt/x.sources:3:Suites: b\n
            """
        try Fuzz("steps of ForgePlan", samples: [sources] + Self.answers.map(\.0)).run { input in
            _ = input.judge(Self.plan)
            return AptSources(input.text).all.count == 2
        }
    }

    @Test("a refusal of sudo, and the last line of a program")
    func lines() throws {
        let access = Host.Access(user: "ubuntu", keyPath: nil, knownHostsPath: "/k")
        let host = Host(name: "m1", address: IPv4Address(bits: 1), role: .worker, isSchedulable: true, access: access)
        try Fuzz(
            "last words",
            samples: ["sudo: a password is required\n", "E: Unable to lock directory /var/lib/apt/lists/\n"]
        ).run {
            input in
            let output = Output(standardOutput: input.bytes, standardError: input.bytes, exit: .code(1))
            _ = Problem(refusing: host, output)
            _ = output.lastLine
            _ = Problem(failed: Command("x"), on: host, output)
            var splitter = LineSplitter()
            splitter.add(input.bytes) { _ in }
            splitter.finish { _ in }
            _ = (IPv4Address(input.text), IPv4Network(input.text), Base64.decoded(input.text))
            return output.lastLine != nil
        }
    }

    @Test("the holder of a lock")
    func holder() throws {
        let line = "0123456789abcdef anna@laptop 0123456789abcdef 4711 2026-11-21T09:12:03Z provision"
        try Fuzz("holder of a lock", samples: [line, "waiting\nkubeforge-lock: \(line)\n"]).run { input in
            let output = Output(standardOutput: [], standardError: input.bytes, exit: .code(MachineLock.refusal))
            let refusing = MachineLock.holder(refusing: output) ?? nil
            return [refusing, Holder(line: input.text)].contains { $0?.command == "provision" }
        }
    }

    @Test("a load's report")
    func load() throws {
        try Fuzz("load report", samples: ["0123456789"]).run { input in
            let times = input.bytes.prefix(50).map {
                LoadReport.Times(
                    milliseconds: [Double($0), .nan, .infinity, -1][Int($0) % 4], count: [1, .max, -5][Int($0) % 3])
            }
            let report = LoadReport(
                host: "", address: "", concurrency: 1, seconds: 1, times: times, longest: 1,
                failures: [.init(kind: input.text, count: .max)])
            _ = (report.percentile(95), report.answered, report.failed, report.throughput, LoadHistogram(report).most)
            return !times.isEmpty
        }
    }
}
