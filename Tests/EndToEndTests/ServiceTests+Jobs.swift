import Foundation
import Testing

/// Batch runs, trainings and schedules, and what is typed to watch a service.
extension ServiceTests {
    @Test(
        "answers a batch the same, wherever its rows come from, however many answer them, and when one of these is lost"
    )
    func batch() async throws {
        let rows = try await lab.ssh("kubmaster", "kubectl -n mlops exec deploy/inference -- cat model/test.csv").output
        let input = lab.directory("rows").appending(path: "rows.csv")
        try FileManager.default.createDirectory(at: lab.directory("rows"), withIntermediateDirectories: true)
        try rows.write(to: input, atomically: true, encoding: .utf8)

        let own = try await predictions("own")
        #expect(own.split(separator: "\n").dropFirst().map { $0.prefix { $0 != "," } } == (0..<1300).map { "\($0)" })
        #expect(try await predictions("file", "--shards", "3", "--input", input.path()) == own)
        let url = try await WebServer.during(lab, of: lab.directory("rows")) {
            try await predictions("url", "--shards", "2", "--input", $0 + "/rows.csv")
        }
        #expect(url == own)

        async let loss = lab.ssh("kubmaster", Self.losePod)
        #expect(try await predictions("lost", "--shards", "3", "--input", input.path()) == own)
        let lost = try await loss.output
        #expect(lost.hasSuffix(" deleted\n2\n"), "a pod is deleted, and its Job has made another: \(lost)")
    }

    /// Deletes the first pod of a run that is at work, waits for its Job's end, and prints how many pods that has made.
    private static let losePod = """
        timeout 300 kubectl -n mlops get pods -l app.kubernetes.io/name=inference-batch -L job-name --no-headers \
        --watch |
        while read -r pod ready status restarts age job; do
        [ "$status" = Running ] || continue
        kubectl -n mlops delete pod --wait=false "$pod" | sed 's/ "[^"]*"//'
        kubectl -n mlops wait --for=condition=complete --timeout=120s "job/$job" >/dev/null
        kubectl -n mlops get events --field-selector "reason=SuccessfulCreate,involvedObject.name=$job" -o name | wc -l
        break
        done
        """

    /// Runs a batch, and gives back its table.
    private func predictions(_ name: String, _ options: String...) async throws -> String {
        let results = lab.directory("results-\(name)")
        let run = try await lab.kubeforge(["batch", "run", lab.inventory.path, "--results", results.path()] + options)
        #expect(run.exitCode == 0, "\(name): \(run.everything)")
        return try String(contentsOf: results.appending(path: "predictions.csv"), encoding: .utf8)
    }

    @Test("begins batch runs by a schedule, until that is taken away")
    func schedule() async throws {
        let made = try await lab.kubeforge("batch", "schedule", "0 2 * * *", lab.inventory.path)
        #expect(made.exitCode == 0, "\(made.everything)")
        #expect(try await schedules("batch", "list").map(\.schedule) == ["0 2 * * *"])
        let next = try await schedules("jobs").first
        #expect(next?.schedule == "0 2 * * *")
        #expect(next?.nextRun?.hasSuffix("T02:00:00Z") == true)

        let begun = try await lab.ssh(
            "kubmaster",
            """
            kubectl -n mlops create job --from=cronjob/inference-batch by-hand >/dev/null &&
            kubectl -n mlops wait --for=condition=complete --timeout=120s job/by-hand >/dev/null && kubectl -n mlops \
            logs job/by-hand
            """)
        #expect(begun.output.contains("1300 rows predicted\n"), "\(begun.everything)")

        let gone = try await lab.kubeforge("batch", "unschedule", lab.inventory.path)
        #expect(gone.exitCode == 0, "\(gone.everything)")
        #expect(try await schedules("batch", "list").count == 0)
        let left = try await lab.ssh(
            "kubmaster",
            """
            kubectl -n mlops wait --for=delete --timeout=60s job/by-hand; kubectl -n mlops get cronjobs,jobs -o name | \
            grep -e cronjob -e by-hand
            """
        )
        #expect(left.output == "", "what it began goes with it: \(left.everything)")
    }

    private func schedules(_ verb: String...) async throws -> [Finished.Line] {
        let run = try await lab.kubeforge(verb + [lab.inventory.path, "--output", "json"])
        #expect(run.exitCode == 0, "\(run.everything)")
        return try run.events("schedule")
    }

    @Test("tells whether rows are like those of its training, column by column")
    func drift() async throws {
        let rows = try await lab.ssh("kubmaster", "kubectl -n mlops exec deploy/inference -- cat model/test.csv").output
        let lines = rows.split(separator: "\n")
        // The first feature of each row, a thousand times itself.
        let moved =
            lines.prefix(1)
            + lines.dropFirst().map { line in
                var cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                cells[2] += "e3"
                return Substring(cells.joined(separator: ","))
            }
        for (file, text, drifted) in [("same", rows, 0), ("moved", moved.joined(separator: "\n"), 1)] {
            let path = lab.directory.appending(path: "\(file).csv")
            try text.write(to: path, atomically: true, encoding: .utf8)
            let run = try await lab.kubeforge(
                "drift", path.path(), "--inventory", lab.inventory.path, "--output", "json")
            #expect(run.exitCode == Int32(drifted), "\(run.everything)")
            #expect(run.output.matches(of: #/"verdict":"drifted"/#).count == drifted, "\(run.everything)")
        }
    }

    @Test("trains in the cluster, and tells shapes, cross-validation, scores and version")
    func train() async throws {
        let run = try await lab.kubeforge("train", lab.inventory.path, "--follow", "--output", "json")
        #expect(run.exitCode == 0, "\(run.everything)")
        let lines = try run.events("output").compactMap(\.line)
        for expected in [
            /train \d+ × \d+, test 1300 × \d+/, /lda cross-validation 0\.\d{3} ± 0\.\d{3} \(5 folds\)/,
            /mlp cross-validation 0\.\d{3} ± 0\.\d{3} \(5 folds\)/, /lda 0\.\d{3}/, /mlp 0\.\d{3}/,
            /version \d{8}T\d{6}Z-[0-9a-f]{32}/,
        ] {
            #expect(lines.count { $0.wholeMatch(of: expected) != nil } == 1, "\(lines)")
        }
        let step = try run.events("step").first { $0.title?.hasSuffix(" has trained the models") == true }
        #expect(step?.differences?.last?.wholeMatch(of: /lda 0\.\d{3}, mlp 0\.\d{3}/) != nil, "\(run.output)")
    }

    @Test("lists what ran, and follows what its pods print until Ctrl-C, in JSON, too")
    func watching() async throws {
        let results = lab.directory("results-listed").path()
        let run = try await lab.kubeforge(
            "batch", "run", lab.inventory.path, "--results", results, "--follow", "--output", "json")
        #expect(run.exitCode == 0, "\(run.everything)")
        #expect(run.errors.contains("less \(results)predictions.csv\n"), "\(run.errors)")
        #expect(try run.events("output").compactMap(\.line).contains("1300 rows predicted"), "\(run.everything)")
        let jobs = try await lab.kubeforge("jobs", lab.inventory.path, "--output", "json")
        #expect(jobs.exitCode == 0, "\(jobs.everything)")
        let last = try jobs.events("job").first
        #expect(last?.kind == "batch run" && last?.state == "complete", "\(jobs.everything)")

        let once = try await lab.kubeforge("logs", "online", lab.inventory.path, "--output", "json")
        #expect(once.exitCode == 0, "\(once.everything)")
        #expect(Set(try once.events("output").compactMap(\.pod)).count == 2, "\(once.everything)")
        let followed = try await lab.kubeforge(
            "logs", "online", lab.inventory.path, "--follow", "--output", "json", interruptedAt: #""event":"output""#)
        #expect(followed.exitCode == 0, "\(followed.everything)")
        #expect(try followed.events().last?.outcome == "ok")
    }

    @Test("runs three pods when told, and two again")
    func scale() async throws {
        for count in ["3", "2"] {
            let run = try await lab.kubeforge("scale", count, lab.inventory.path)
            #expect(run.exitCode == 0, "\(run.everything)")
            let pods = try await lab.ssh(
                "kubmaster",
                """
                kubectl -n mlops get pods -l app.kubernetes.io/name=inference --no-headers | awk '{print $2, $3}' | \
                sort | uniq -c | sed 's/^ *//'
                """
            )
            #expect(pods.output == "\(count) 1/1 Running\n")
        }
    }
}

/// Files for the machines of a lab, served from the bridge's address on this computer.
enum WebServer {
    /// `work` gets the address that stands before a file's name.
    static func during<Result>(_ lab: TestLab, of directory: URL, _ work: (String) async throws -> Result) async throws
        -> Result
    {
        let host = "\(lab.inventory.network).1"
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // It says its port once it listens.
        process.arguments = [
            "python3", "-u", "-m", "http.server", "0", "--bind", host, "--directory", directory.path(),
        ]
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            // The test program's children may ignore gentler signals, as it does.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let said = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        guard let address = said.firstMatch(of: /\(http:\/\/([0-9.:]+)\//)?.1 else { throw Silent(said: said) }
        return try await work("http://\(address)")
    }

    struct Silent: Error {
        let said: String
    }
}
