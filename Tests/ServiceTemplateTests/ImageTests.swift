import Foundation
import Testing

@Suite("The image")
struct ImageTests {
    @Test("pins every package that it installs, and no other")
    func pins() async throws {
        let installed = try await Python.shared.value.run("-m", "pip", "freeze", "--disable-pip-version-check")
        let requirements = try String(contentsOf: ServiceFiles.requirements, encoding: .utf8)
        let pinned = requirements.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix(" ") }.map {
            $0.lowercased().trimmingCharacters(in: CharacterSet(charactersIn: " \\"))
        }
        #expect(installed.lowercased().split(separator: "\n").map(String.init) == pinned.sorted())
    }

    /// With one hash in the file pip takes no package that has none, and no wheel that has another.
    @Test("installs what its digests name, for both processors, and nothing else")
    func hashes() throws {
        let requirements = try String(contentsOf: ServiceFiles.requirements, encoding: .utf8)
        let entries = requirements.replacing(/#.*\n/, with: "").replacing("\\\n", with: "").split(separator: "\n")
        #expect(entries.count > 10)
        var all: Set<Substring> = []
        for entry in entries {
            let hashes = entry.matches(of: /--hash=sha256:([0-9a-f]{64})(?= |$)/).map(\.1)
            #expect(!hashes.isEmpty && entry.split(separator: " ").count == 1 + hashes.count, "\(entry)")
            #expect(hashes.count == 1 || hashes.count.isMultiple(of: 2), "\(entry): amd64 and arm64 go together")
            #expect(all.isDisjoint(with: hashes))
            all.formUnion(hashes)
        }
    }

    @Test("neither installs nor trains again when only api.py changes")
    func layers() throws {
        let copies = try instructions().filter { $0.hasPrefix("COPY ") || $0.hasPrefix("RUN ") }
        for file in ["api.py", "server.py", "inference.py", "coordinator.py"] {
            #expect(copies.filter { $0.split(separator: " ").contains(Substring(file)) } == [copies.last], "\(file)")
        }
        #expect(
            copies.map { $0.prefix(26) } == [
                "COPY requirements.txt erro", "COPY model model", "RUN python packages.py mod",
                "RUN echo 'service:x:10001:", "COPY --from=packages /pack", "COPY requirements.txt ap[t",
                "RUN debs=\"$PACKAGES $(cat ", "COPY --from=packages /pack", "RUN cd needed/models && fo",
                "RUN mkdir data models && c",
                "COPY --from=packages --cho", "COPY errors.py records.py ", "COPY golden golden", "RUN python train.py",
                "COPY models.py loading.py ",
            ])
    }

    @Test("contains every Python file of the service")
    func complete() throws {
        let copied = try instructions().filter { $0.hasPrefix("COPY ") }.joined(separator: " ").split(separator: " ")
        let files = try FileManager.default.contentsOfDirectory(atPath: ServiceFiles.sources.path)
        for file in files where file.hasSuffix(".py") { #expect(copied.contains(Substring(file)), "\(file)") }
    }

    @Test("has a pinned base that can be replaced, and a user that Kubernetes can see is not root")
    func baseAndUser() throws {
        let lines = try instructions()
        #expect(lines.prefix(2) == ["ARG BASE_IMAGE=python:3.13-slim-trixie", "FROM ${BASE_IMAGE} AS packages"])
        #expect(lines.count { $0.hasPrefix("FROM ${BASE_IMAGE}") } == 2)
        #expect(lines.contains("USER 10001:10001"))
    }

    @Test("has one thread for linear algebra")
    func oneThread() async throws {
        let script = """
            import server
            import numpy, scipy.linalg, threadpoolctl
            print({pool["num_threads"] for pool in threadpoolctl.threadpool_info()})
            """
        #expect(try await Python.shared.value.run("-c", script) == "{1}\n")
    }

    /// The Dockerfile without comments, empty lines and line breaks inside an instruction.
    private func instructions() throws -> [Substring] {
        let text = String(decoding: try ServiceFiles.source("Dockerfile"), as: UTF8.self)
        return text.replacing("\\\n", with: "").split(separator: "\n").filter { !$0.hasPrefix("#") }
    }
}
