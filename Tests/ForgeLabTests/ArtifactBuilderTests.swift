import ForgeCore
import ForgeTemplates
import Foundation
import Synchronization
import Testing

@testable import ForgeLab

@Suite("The maker of a supply")
struct ArtifactBuilderTests {
    private let computer = LocalHost()

    @Test("runs its script into a new directory, and knows it afterwards")
    func makes() async throws {
        try await withCache { cache in
            let maker = try maker(cache, script: "printf %s \"$word\" >\"$out/word\"")
            let artifact = try artifact(cache, ["word": "hello"])
            #expect(!maker.isMade(artifact))
            try await maker.make(artifact, progress: LabProgress { _ in })
            #expect(maker.isMade(artifact))
            #expect(computer.read("\(artifact.place)/word") == "hello")
            #expect(try !maker.isMade(self.artifact(cache, ["word": "goodbye"])))
        }
    }

    @Test("replaces the directory of another digest as a whole")
    func replaces() async throws {
        try await withCache { cache in
            let maker = try maker(cache, script: "touch \"$out/$word\"")
            for word in ["old", "new"] {
                try await maker.make(artifact(cache, ["word": word]), progress: LabProgress { _ in })
            }
            #expect(computer.names(in: "\(cache.root)/thing") == [".made", "new"])
            #expect(computer.names(in: cache.root).filter { $0.hasPrefix("thing") } == ["thing"])
        }
    }

    @Test("keeps what is there when the new one cannot be made, and says where to read why")
    func fails() async throws {
        try await withCache { cache in
            let maker = try maker(
                cache, script: "touch \"$out/$word\"; test \"$word\" = good || { echo 'no such thing'; exit 7; }")
            let good = try artifact(cache, ["word": "good"])
            try await maker.make(good, progress: LabProgress { _ in })
            let problem = await #expect(throws: Problem.self) {
                try await maker.make(artifact(cache, ["word": "bad"]), progress: LabProgress { _ in })
            }
            #expect(
                problem?.description == """
                    the thing could not be made
                      why  no such thing
                      fix  read \(cache.root)/supplies/thing.log, then run the same command again to continue
                    """)
            #expect(maker.isMade(good))
            #expect(computer.names(in: good.place) == [".made", "good"])
        }
    }

    @Test("finishes what a killed kubeforge left behind")
    func leftovers() async throws {
        try await withCache { cache in
            let maker = try maker(cache, script: "ls -A \"$out\" >\"$cache/seen\"")
            try computer.replace("\(cache.root)/thing.new/half", with: "")
            try await maker.make(artifact(cache), progress: LabProgress { _ in })
            #expect(computer.read("\(cache.root)/seen") == "")
        }
    }

    @Test(
        "leaves nothing mounted, also when its script is killed while something is",
        .enabled(if: geteuid() == 0, "only root mounts"))
    func mounts() async throws {
        try await withCache { cache in
            let maker = try maker(
                cache, script: "mkdir \"$out/proc\"; mount -t tmpfs none \"$out/proc\"; kill -KILL $$")
            await #expect(throws: Problem.self) {
                try await maker.make(artifact(cache), progress: LabProgress { _ in })
            }
            #expect(computer.exists("\(cache.root)/thing.new/proc"))
            #expect(mounted(cache) == [])
            try await Mounts.unmount(below: cache.root, computer)
        }
    }

    @Test("takes away what a killed one left mounted", .enabled(if: geteuid() == 0, "only root mounts"))
    func leftMounts() async throws {
        try await withCache { cache in
            let maker = try maker(cache, script: "true")
            for directory in ["thing", "thing.new"] {
                try computer.makeDirectory("\(cache.root)/\(directory)/proc/sys")
                for place in ["proc", "proc/sys"] {
                    let path = "\(cache.root)/\(directory)/\(place)"
                    try await computer.finish(Command("mount", "-t", "tmpfs", "none", Word(path)))
                    try computer.makeDirectory("\(cache.root)/\(directory)/proc/sys")
                }
            }
            try? await maker.make(artifact(cache), progress: LabProgress { _ in })
            #expect(mounted(cache) == [])
            #expect(try maker.isMade(artifact(cache)))
            try await Mounts.unmount(below: cache.root, computer)
        }
    }

    private func mounted(_ cache: Cache) -> [String] {
        Mounts.points(below: cache.root, in: computer.read("/proc/self/mounts") ?? "")
    }

    @Test("gives a text of several lines as a file")
    func longValues() async throws {
        try await withCache { cache in
            let maker = try maker(cache, script: "cp \"$text\" \"$out/text\"")
            let artifact = try artifact(cache, ["text": "one\ntwo\n"])
            try await maker.make(artifact, progress: LabProgress { _ in })
            #expect(computer.read("\(artifact.place)/text") == "one\ntwo\n")
        }
    }

    @Test("tells what it does and how long that usually takes")
    func tells() async throws {
        try await withCache { cache in
            let told = Mutex<[String]>([])
            let progress = LabProgress { event in
                switch event {
                case .began(let title, _, let usually):
                    told.withLock { $0.append("\(title), usually \(usually ?? "")") }
                case .ended(let title, _, let outcome, _): told.withLock { $0.append("\(title): \(outcome)") }
                case .said, .warned: break
                }
            }
            try await maker(cache, script: "true").make(artifact(cache), progress: progress)
            #expect(told.withLock { $0 } == ["the thing is made, usually 5 s, once", "the thing is made: changed"])
        }
    }

    @Test("makes an index of wheels that pip understands: names as PEP 503 writes them, each file with its sha256")
    func wheels() async throws {
        try await withCache { cache in
            let pip = """
                #!/bin/sh
                while [ "$1" != --dest ]; do shift; done
                mkdir -p "$2"
                [ "$4" = r.txt ] || { printf c >"$2/pandas-3.0.6-py3-none-any.whl"; exit; }
                printf a >"$2/scikit_learn-1.9.1-cp311-cp311-manylinux_2_28_x86_64.whl"
                printf b >"$2/MarkupSafe-3.0.4-py3-none-any.whl"
                """
            try computer.replace("\(cache.root)/bin/python3", with: pip, mode: 0o755)
            try computer.makeDirectory("\(cache.root)/simple")
            let script = try #require(Templates().directory("lab/build")["wheels.sh"])
            var command = Command.script(script)
            command.words = [
                "env", Word("PATH=\(cache.root)/bin:/usr/sbin:/usr/bin:/sbin:/bin"), Word("out=\(cache.root)/simple"),
                "requirements=r.txt", "files=/files",
                "python=3.11", "sh", "-s",
            ]
            try await computer.finish(command)
            let file = "scikit_learn-1.9.1-cp311-cp311-manylinux_2_28_x86_64.whl"
            #expect(
                computer.names(in: "\(cache.root)/simple") == ["index.html", "markupsafe", "pandas", "scikit-learn"])
            #expect(
                computer.read("\(cache.root)/simple/index.html")
                    == ["markupsafe", "pandas", "scikit-learn"].map { "<a href=\"\($0)/\">\($0)</a><br>\n" }.joined())
            #expect(
                computer.read("\(cache.root)/simple/scikit-learn/index.html")
                    == "<a href=\"\(file)#sha256=\(SHA256.hex("a"))\">\(file)</a><br>\n")
        }
    }

    @Test("has only scripts that a shell can read")
    func syntax() async throws {
        for (name, text) in try Templates().directory("lab/build") where name.hasSuffix(".sh") {
            let output = try await computer.run(Command("sh", "-n").reading(text))
            #expect(output.isSuccess, "\(name): \(output.lastLine ?? "")")
        }
    }

    private func withCache(_ work: (Cache) async throws -> Void) async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "kubeforge-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        try await work(Cache(root: root))
    }

    /// A maker with the real make.sh, and a `thing.sh` of the test's.
    private func maker(_ cache: Cache, script: String) throws -> ArtifactBuilder {
        let maker = ArtifactBuilder(cache: cache, computer: computer)
        try maker.write(
            Templates().directory("lab/build").merging(["thing.sh": "set -eu\n\(script)\n"]) { _, new in new })
        return maker
    }

    private func artifact(_ cache: Cache, _ values: [String: String] = [:]) throws -> Artifact {
        try BuildRules(cache: cache, texts: ["thing.sh": ""])
            .artifact("the thing", usually: "5 s", in: "\(cache.root)/thing", script: "thing.sh", values: values)
    }
}
