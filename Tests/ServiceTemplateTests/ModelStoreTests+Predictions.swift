import ForgeTestSupport
import Foundation
import Testing

/// What a schedule's runs bring into the store (delivery.py).
extension ModelStoreTests {
    private static let schedule = "predictions/inference-batch-weekly"
    private var place: URL { directory / "store/\(Self.schedule)" }

    /// How inference.py ends in the pod of a schedule, which puts its predictions into that directory of the store.
    private func predict(_ sshd: LoopbackSSHD, into schedule: String? = Self.schedule) async throws
        -> LocalProgram
    {
        let training = try await Training.small.value
        var environment = ["MODEL_STORE": address(sshd), "MODEL_STORE_SECRET": (directory / "secret").path]
        environment["PREDICTIONS_DIRECTORY"] = schedule
        return try LocalProgram.run(
            [
                python.executable, "inference.py", "--models", models.path, "--input",
                training.data.appending(path: "test.csv").path, "--results", (directory / "results").path,
            ], in: ServiceFiles.sources, environment: environment)
    }

    /// The same for files that a run may have written, of one that began at 2026-11-27T02:00:03Z.
    private func deliver(_ sshd: LoopbackSSHD, _ names: String...) throws -> LocalProgram {
        let script = """
            import pathlib, sys
            from datetime import datetime, timezone
            import delivery
            from errors import DataError
            place = delivery.place(datetime(2026, 11, 27, 2, 0, 3, tzinfo=timezone.utc))
            try:
                place.prepare()
                print(place.take([pathlib.Path(name) for name in sys.argv[1:]]))
            except DataError as error:
                sys.exit(str(error))
            """
        return try LocalProgram.run(
            [python.executable, "-c", script] + names.map { (directory / $0).path }, in: ServiceFiles.sources,
            environment: [
                "MODEL_STORE": address(sshd), "MODEL_STORE_SECRET": (directory / "secret").path,
                "PREDICTIONS_DIRECTORY": Self.schedule,
            ])
    }

    /// `20261127T020003Z`, as names in the store have it.
    private static func mark(_ time: Date) -> String { time.formatted(.iso8601).replacing(/[-:]/, with: "") }

    private func write(_ name: String, _ text: String) throws {
        let file = directory / name
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    @Test("has the predictions of a schedule's runs, each in a directory with its time, and the run's log says where")
    func predictions() async throws {
        try await sshd { sshd in
            let before = Date.now
            let end = try await predict(sshd)
            #expect(end.status == 0, "\(end.errors)")
            let run = try #require(try names(in: "store/\(Self.schedule)").first)
            let told = "\nalso in the model store: \(address(sshd))/\(Self.schedule)/\(run)\n"
            #expect(end.output.hasSuffix(told), "\(end.output)")
            #expect(run >= Self.mark(before) && run <= Self.mark(.now), "when it began")
            #expect(try names(in: "store/\(Self.schedule)/\(run)") == ["predictions.csv", "scores.json"])
            for name in ["predictions.csv", "scores.json"] {
                let file = "\(Self.schedule)/\(run)/\(name)"
                #expect(try content("store/\(file)") == content("results/\(name)"), "\(name)")
            }
            #expect(try names(in: "store") == ["predictions"])
            // The one before stays.
            try FileManager.default.moveItem(at: place.appending(path: run), to: place.appending(path: "before"))
            #expect(try await predict(sshd).status == 0)
            let both = try names(in: "store/\(Self.schedule)")
            #expect(both.count == 2 && both.contains("before"))
            #expect(try names(in: "store/\(Self.schedule)/before") == ["predictions.csv", "scores.json"])
        }
    }

    @Test("has none of a run that has no place there, such as one by hand")
    func noPlace() async throws {
        try await sshd { sshd in
            let end = try await predict(sshd, into: nil)
            #expect(end.status == 0, "\(end.errors)")
            #expect(end.output.hasSuffix("/results/scores.json are written\n"), "\(end.output)")
            #expect(!FileManager.default.fileExists(atPath: (directory / "store").path))
        }
    }

    @Test("has all files of a run, or no directory of it, and never one in place of another")
    func wholeRuns() async throws {
        try await sshd { sshd in
            for name in ["predictions.parquet", "scores.json"] { try write(name, "of the first") }
            let cut = try deliver(sshd, "predictions.parquet", "nothing.json")
            #expect(cut.status == 1)
            #expect(
                cut.errors.hasPrefix(
                    "predictions cannot be put into the model store: \(address(sshd)): is not there ("), "\(cut.errors)"
            )
            #expect(try names(in: "store/\(Self.schedule)") == [], "what has arrived is removed")
            let first = try deliver(sshd, "predictions.parquet", "scores.json")
            #expect(first.output == "\(address(sshd))/\(Self.schedule)/20261127T020003Z\n", "\(first.errors)")
            for name in ["predictions.parquet", "scores.json"] { try write(name, "of the second") }
            #expect(try deliver(sshd, "predictions.parquet", "scores.json").status == 1)
            #expect(try names(in: "store/\(Self.schedule)") == ["20261127T020003Z"])
            for name in ["predictions.parquet", "scores.json"] {
                let file = "store/\(Self.schedule)/20261127T020003Z/\(name)"
                #expect(try String(decoding: content(file), as: UTF8.self) == "of the first")
            }
        }
    }

    @Test("that takes no predictions, or is not reached, stops a run before its work")
    func refused() async throws {
        try await sshd { sshd in
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let key = try Data(contentsOf: directory / "secret/key")
            try await readOnly(sshd)
            let end = try await predict(sshd)
            #expect(end.status == 1)
            let said = "predictions cannot be put into the model store: \(address(sshd)): "
            #expect(end.errors.hasPrefix(said + "the user may not read or write there ("), "\(end.errors)")
            #expect(!end.output.contains("rows predicted"))
            #expect(try names(in: "store/\(Self.schedule)") == [])
            try FileManager.default.removeItem(at: directory / "secret/readKey")
            try key.write(to: directory / "secret/key")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: (directory / "secret/key").path)
            try Data().write(to: directory / "secret/known_hosts")
            let stranger = try await predict(sshd)
            #expect(stranger.errors.hasPrefix(said + "its host key is not in known_hosts ("), "\(stranger.errors)")
            #expect(!stranger.output.contains("rows predicted"))
            // It is not even asked: a name that would leave the schedule's directory, or the store.
            for other in ["../versions", "predictions/../versions", "/predictions", "predictions/a b"] {
                #expect(
                    try await predict(sshd, into: other).errors
                        == "$PREDICTIONS_DIRECTORY must be a directory in the store, is \(other)\n")
            }
        }
    }

    @Test("loses the files of runs that were interrupted a day ago, by the schedule's next run, and nothing else")
    func abandonedRuns() async throws {
        try await sshd { sshd in
            try write("predictions.csv", "")
            let (now, old) = (Date.now.addingTimeInterval(-3600), Date.now.addingTimeInterval(-90000))
            func unfinished(_ time: Date, _ number: Int) -> String {
                ".unfinished-\(Self.mark(time))-0000000\(number)"
            }
            let gone = unfinished(old, 1)
            let kept = ["\(unfinished(now, 2))/scores.json", "\(unfinished(old, 3))/theirs", "20260101T020000Z/a"]
            for name in ["\(gone)/predictions.csv", "\(gone)/scores.json"] + kept {
                try write("store/\(Self.schedule)/\(name)", "")
            }
            try write("store/predictions/inference-batch/\(gone)/scores.json", "")
            let end = try deliver(sshd, "predictions.csv")
            let schedule = "\(address(sshd))/\(Self.schedule)"
            #expect(
                end.output == """
                    \(schedule): removed the files of interrupted runs: \(gone)
                    \(schedule)/20261127T020003Z

                    """, "\(end.errors)")
            let left = kept.compactMap { $0.split(separator: "/").first.map(String.init) } + ["20261127T020003Z"]
            #expect(try names(in: "store/\(Self.schedule)") == left.sorted())
            for name in kept { #expect(throws: Never.self) { try content("store/\(Self.schedule)/\(name)") } }
            #expect(try names(in: "store/predictions/inference-batch") == [gone], "another schedule's")
        }
    }
}
