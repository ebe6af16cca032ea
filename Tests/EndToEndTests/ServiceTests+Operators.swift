import Foundation
import Testing

/// Two people, with a home and a state of their own, who change the same cluster at the same time.
extension ServiceTests {
    @Test(
        "lets no second operator change what another run is changing, and says whose it is",
        arguments: ["provision", "deploy", "batch run", "train"])
    func secondOperator(verb: String) async throws {
        var words = verb.split(separator: " ").map(String.init) + [lab.inventory.path]
        if verb == "deploy" {
            words += ["--templates", try Overlay.comment("Of two operators.").make(in: lab.directory)]
        }
        if verb == "provision" {
            let drift = try await lab.ssh(
                "kubnode",
                "sudo rm /etc/modules-load.d/kubeforge-overlay.conf /etc/modules-load.d/kubeforge-br_netfilter.conf")
            #expect(drift.exitCode == 0, "\(drift.everything)")
        }
        let first = try RunningProgram(
            path: TestLab.program, arguments: words + ["--output", "json"], environment: lab.environment)
        var begun = 0
        for await line in first.lines
        where try JSONDecoder().decode(Finished.Line.self, from: Data(line.utf8)).event == "began" {
            begun += 1
            // It has the Lease before its first change, and a machine with it.
            if begun == (verb == "provision" ? 2 : 1) { break }
        }
        // It stands still, as behind a slow line, while the other one tries.
        #expect(kill(first.process, SIGSTOP) == 0)
        let second = try await Program(path: TestLab.program, arguments: words, environment: other).run()
        #expect(kill(first.process, SIGCONT) == 0)
        #expect(second.exitCode == 5, "\(second.everything)")
        #expect(second.errors.contains("it is held by `kubeforge \(verb)` of "), "\(second.errors)")
        #expect(second.errors.contains(", process \(first.process), since "), "\(second.errors)")
        let run = await first.end()
        #expect(run.exitCode == 0, "\(run.everything)")
    }

    /// Of somebody with another home, who has the same inventory.
    private var other: [String: String] {
        var values = lab.environment
        values["HOME"] = lab.directory("other").path()
        values["XDG_STATE_HOME"] = lab.directory("other/state").path()
        values["KUBECONFIG"] = lab.directory("other").appending(path: "kubeconfig").path()
        return values
    }
}
