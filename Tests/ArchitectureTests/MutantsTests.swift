import ForgeTestSupport
import Foundation
import Testing

/// The harness of `make test-mutants` itself; it builds nothing here.
@Suite("The mutants")
struct MutantsTests {
    private let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Mutants/mutants.py")
        .standardized.path

    @Test("are drawn again by the same seed, and every guard that is named is there")
    func seed() async throws {
        let words = [script, "--list", "--count", "5", "--seed", "7"]
        let drawn = try await LocalProgram.run("python3", words)
        #expect(drawn.split(separator: "\n").filter { $0.hasPrefix("Sources/Forge") }.count == 5)
        #expect(try await LocalProgram.run("python3", words) == drawn)
        #expect(try await LocalProgram.run("python3", words.dropLast() + ["8"]) != drawn)
        let inGuards = try await LocalProgram.run(
            "python3", [script, "--list", "--guards", "--count", "100000", "--seed", "7"])
        #expect(
            inGuards.contains("Sources/ForgeKubernetes/Kubeadm/Begun.swift:")
                && !inGuards.contains("Sources/ForgePlan/"))
    }

    @Test("are made in a copy, never in the checkout, though the copy was removed in part")
    func copy() async throws {
        try await TemporaryDirectory.during { directory in
            let code = """
                import pathlib, sys; sys.path.insert(0, sys.argv[1]); import trying
                root = pathlib.Path(sys.argv[2]).resolve(); trying.git.__kwdefaults__["directory"] = root
                copy = trying.COPY = root / ".build/mutants/checkout"
                trying.git("init", "--quiet", "--initial-branch=main"); (root / "file").write_text("one")
                trying.git("add", "file")
                trying.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message=one")
                (root / "file").write_text("two"); (root / "new").write_text("new"); copy.mkdir(parents=True)
                for _ in range(2):
                    trying.prepare()
                    print(trying.git("branch", "--show-current"), (root / "file").read_text(), (root / "new").exists())
                    print((copy / "file").read_text())
                """
            let mutants = URL(filePath: script).deletingLastPathComponent().path
            let said = try await LocalProgram.run(
                "python3", ["-c", code, mutants, directory.path], environment: ["PYTHONDONTWRITEBYTECODE": "1"])
            #expect(said == String(repeating: "main two True\ntwo\n", count: 2))
        }
    }

    @Test(
        """
        change operators, numbers and calls, scripts in texts, and neither comments, texts of one line, patterns nor \
        time limits
        """
    )
    func kinds() async throws {
        let text = #"""
            // a == b
            if a == b && !c { return 3 }  // true
            let d = "a && \(b == 1) 2" + e.sorted { $0 < $1 }.first + f.0 + min(x, 0..<y)
            guard a <= 0 else { return nil }
            guard let a else { return nil }
            let pattern = text.firstMatch(of: /[0-9]+ == 1/)
            run("""
                [ "$a" = b ] || exit 1
                [ ! -e \(c == d) ] && head -n 1
                """)
            wait(within: .seconds(300), every: .milliseconds(5))
            """#
        let code = """
            import sys; sys.path.insert(0, sys.argv[1]); import drawing as mutants
            for mutant in mutants.candidates("a.swift", sys.argv[2]): print(mutant.line, mutant.kind, "|", \
            mutant.after.strip())
            """
        let directory = URL(filePath: script).deletingLastPathComponent().path
        let found = try await LocalProgram.run(
            "python3", ["-c", code, directory, text], environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        #expect(
            found.split(separator: "\n").map(String.init) == [
                "2 ==/!= | if a != b && !c { return 3 }  // true",
                "2 &&/|| | if a == b || !c { return 3 }  // true",
                "2 ! dropped | if a == b && c { return 3 }  // true",
                "2 number | if a == b && !c { return 4 }  // true",
                "2 number | if a == b && !c { return 2 }  // true",
                #"3 </<= | let d = "a && \(b == 1) 2" + e.sorted { $0 <= $1 }.first + f.0 + min(x, 0..<y)"#,
                #"3 first/last | let d = "a && \(b == 1) 2" + e.sorted { $0 < $1 }.last + f.0 + min(x, 0..<y)"#,
                #"3 min/max | let d = "a && \(b == 1) 2" + e.sorted { $0 < $1 }.first + f.0 + max(x, 0..<y)"#,
                #"3 number | let d = "a && \(b == 1) 2" + e.sorted { $0 < $1 }.first + f.0 + min(x, 1..<y)"#,
                #"3 sorted dropped | let d = "a && \(b == 1) 2" + e.first + f.0 + min(x, 0..<y)"#,
                "4 </<= | guard a < 0 else { return nil }",
                "4 number | guard a <= 1 else { return nil }",
                "4 guard dropped | ",
                #"8 &&/|| | [ "$a" = b ] && exit 1"#,
                #"8 ==/!= | [ "$a" != b ] || exit 1"#,
                #"9 &&/|| | [ ! -e \(c == d) ] || head -n 1"#,
                #"9 ! dropped | [ -e \(c == d) ] && head -n 1"#,
                #"9 first/last | [ ! -e \(c == d) ] && tail -n 1"#,
            ])
    }
}
