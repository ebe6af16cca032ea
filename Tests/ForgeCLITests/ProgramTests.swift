import ForgeCore
import Foundation
import Testing

@testable import ForgeCLI

@Suite("The program")
struct ProgramTests {
    @Test("tells each of several problems, and ends as the first of them asks for")
    func several() {
        let (usage, held) = (Problem(.usage, what: "a", fix: "b"), Problem(.held, what: "c"))
        for (problems, code, said) in [
            ([usage, held], Int32(64), "✗ a\n  fix  b\n✗ c\n"), ([held, usage], 5, "✗ c\n✗ a\n  fix  b\n"), ([], 1, ""),
        ] {
            let sheet = Sheet()
            #expect(Program.tell(problems, on: TextStream(isTerminal: false, write: sheet.write)) == code)
            #expect(sheet.text == said)
        }
    }

    @Test("ends the program with the exit code of who must act")
    func hasExitCode() {
        let codes = Problem.Kind.allCases.map { "\($0.rawValue) \($0.exitCode)" }
        #expect(
            codes == [
                "failed 1", "incomplete 2", "invalidInventory 3", "unreachable 4", "held 5", "usage 64",
                "interrupted 130",
            ])
    }

    @Test(
        "ends with 64 where it is used wrongly, and says how it is used",
        arguments: [
            (["provision"], "Missing expected argument '<inventory>'"),
            (["plan"], "Missing expected argument '<inventory>'"),
            (["plan", "provision"], "Missing expected argument '<inventory>'"),
            (["plan", "deploy", "--parallel", "0"], "--parallel 0: at least one host at a time"),
            (["plan", "scale", "1001"], "1001 pods: from 0 to 1000"),
            (["deploy", "a.yaml", "-i", "b.yaml"], "two inventories, a.yaml and b.yaml: name one"),
            (
                ["plan", "-i", "a b.yaml", "provision"],
                """
                two inventories, provision and a b.yaml: the name of a command comes before options: \
                `kubeforge plan provision --inventory 'a b.yaml'`
                """
            ),
            (
                ["plan", "-i", "a.yaml", "scale", "3"],
                "the name of a command comes before options: `kubeforge plan scale --inventory a.yaml`"
            ),
            (
                ["plan", "--output", "json", "deploy"],
                """
                deploy is taken for an inventory: the name of a command comes before options: `kubeforge plan deploy \
                …`; or write ./deploy for a file
                """
            ),
            (["logs", "a.yaml"], "name an inventory with --inventory"),
            (["provison"], "Unexpected argument 'provison'"),
            (["provision", "a.yaml", "--output", "xml"], "The value 'xml' is invalid for '--output <format>'"),
            (["deploy", "--parallel", "0"], "--parallel 0: at least one host at a time"),
            (["plan", "a.yaml", "--verbose", "--quiet"], "--verbose and --quiet: choose one"),
            (["deploy", "--timeout", "5"], "needs a whole number with ms, s, m or h, such as 90s or 5m"),
            (["rollback", "--timeout", "25h"], "from 5s to 1h"),
            (["smoke-test", "--rows", "100001"], "--rows 100001: from 0 to 100000"),
            (["smoke-test", "--min-score", "60"], "--min-score 60.0: from 0 to 1"),
            (["smoke-test", "--load", "30"], "needs a whole number with ms, s, m or h, such as 30s or 2m"),
            (["smoke-test", "--load", "1.5m"], "The value '1.5m' is invalid for '--load <time>'"),
            (["smoke-test", "--load", "500ms"], "from 1s to 1h"),
            (["smoke-test", "--load", "99999999999999999999s"], "needs a whole number with ms, s, m or h"),
            (["smoke-test", "--load", "30s", "--concurrency", "0"], "--concurrency 0: from 1 to 256"),
            (["smoke-test", "--concurrency", "4"], "--concurrency needs a load, such as --load 30s"),
            (["smoke-test", "--max-p95", "200ms"], "--max-p95 needs a load, such as --load 30s"),
            (
                ["smoke-test", "--load", "30s", "--max-p95", "fast"],
                "needs a whole number with ms, s, m or h, such as 200ms or 1s"
            ),
            (["smoke-test", "--load", "30s", "--max-p95", "11s"], "from 1ms to 10s"),
            (["push"], "Missing expected argument '<dir>'"),
            (["scale", "many"], "The value 'many' is invalid for '<n>'"),
            (["scale", "1001"], "1001 pods: from 0 to 1000"),
            (["lab", "up", "--distribution", "arch"], "The value 'arch' is invalid for '--distribution <name>'"),
            (["logs", "onlin"], "onlin logs: choose online, batch or train"),
            (["logs", "--tail", "1000001"], "--tail 1000001: from 0 to 1000000"),
            (
                ["smoke-test", "--report", "a.pdf"],
                "--report a.pdf: ends neither in .xml (JUnit) nor in .html (a page)"
            ),
        ])
    func usage(arguments: [String], message: String) async throws {
        let result = try await Binary.run(arguments, in: Scene())
        #expect(result.code == 64)
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(result.errors.contains("Usage: kubeforge"))
        #expect(result.output == "")
    }

    @Test("ends with 64 where no inventory given and none is found")
    func noInventory() async throws {
        let result = try await Binary.run(["deploy", "--dry-run"], in: Scene())
        #expect(result.code == 64)
        #expect(
            result.errors == """
                ✗ no inventory given
                  why  there is no ./inventory.yaml, and no provision has succeeded yet
                  fix  name one: as an argument (`kubeforge deploy my.yaml`) or in $KUBEFORGE_INVENTORY

                """)
    }

    @Test("ends with 3 where the inventory is not there, says which it took, and leaves no state of a dry run")
    func missing() async throws {
        let scene = try Scene()
        let result = try await Binary.run(["plan", "nowhere.yaml"], in: scene)
        #expect(result.code == 3)
        #expect(
            result.errors.hasPrefix(
                "inventory nowhere.yaml   (named on the command line)\n✗ nowhere.yaml: there is no such file"),
            "\(result.errors)")
        #expect(!scene.exists("home"))
    }

    @Test("tells that as JSON lines, too, the summary last")
    func json() async throws {
        let result = try await Binary.run(
            ["smoke-test", "--output", "json"], in: Scene(), ["KUBEFORGE_INVENTORY": "nowhere.yaml"])
        #expect(result.code == 3)
        let lines = result.output.split(separator: "\n")
        #expect(
            lines.first?.hasPrefix(#"{"event":"problem","host":null,"what":"nowhere.yaml: "#) == true,
            "\(result.output)")
        #expect(lines.last?.hasPrefix(#"{"event":"summary","outcome":"failed","changed":0,"#) == true)
        #expect(result.errors == "inventory nowhere.yaml   (from $KUBEFORGE_INVENTORY)\n")
    }

    @Test(
        "ends with 4 where no host can be reached, and says of each why",
        .enabled(if: OwnAddress.text != nil, "needs a network interface"))
    func unreachable() async throws {
        let scene = try Scene()
        try scene.write(inventory(port: 1), to: "desk/inventory.yaml")
        let result = try await Binary.run(["deploy", "--output", "json"], in: scene)
        #expect(result.code == 4, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(
            lines.first?.hasPrefix(#"{"event":"problem","host":"kubmaster","what":"kubmaster"#) == true,
            "\(result.output)")
        #expect(
            lines.last?.hasPrefix(
                #"{"event":"summary","outcome":"failed","changed":0,"unchanged":0,"wouldChange":0,"failed":1,"#) == true
        )
    }

    private func inventory(port: UInt16) throws -> String {
        """
        cluster: closed
        kubernetes: 1.36.2
        hosts:
          - { name: kubmaster, address: \(try #require(OwnAddress.text)), role: control-plane }
        ssh: { user: ubuntu, port: \(port) }

        """
    }

    @Test(
        "says its version and how it is used on standard output",
        arguments: [("--version", #"\d+\.\d+\.\d+(-[0-9A-Za-z.+-]+)?\n"#), ("--help", #"OVERVIEW: From two[\s\S]*"#)])
    func version(flag: String, pattern: String) async throws {
        let result = try await Binary.run([flag], in: Scene())
        #expect(result.code == 0)
        #expect(try Regex(pattern).wholeMatch(in: result.output) != nil, "\(result.output)")
        #expect(result.errors == "")
    }

    @Test("tells all of itself to the tool that makes its manual")
    func dump() async throws {
        let result = try await Binary.run(["--experimental-dump-help"], in: Scene())
        #expect(result.code == 0)
        let dump = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        #expect((dump?["command"] as? [String: Any])?["commandName"] as? String == "kubeforge")
    }

    @Test(
        "colours a terminal, unless an option or a variable says not to",
        arguments: [([], [:], true), (["--no-color"], [:], false), ([], ["NO_COLOR": "1"], false)]
            as [([String], [String: String], Bool)])
    func colours(options: [String], variables: [String: String], isColoured: Bool) async throws {
        let terminal = try PseudoTerminal()
        let code = try await Binary.run(
            ["plan", "nowhere.yaml"] + options, in: Scene(), variables, errors: terminal.descriptor)
        #expect(code == 3)
        let text = terminal.written()
        let mark = isColoured ? "\u{1B}[31m✗\u{1B}[0m" : "✗"
        #expect(text.contains("\(mark) nowhere.yaml: there is no such file"), "\(text)")
    }

    @Test("keeps a log of what it did")
    func log() async throws {
        let scene = try Scene()
        let result = try await Binary.run(["deploy", "nowhere.yaml"], in: scene)
        #expect(result.code == 3)
        #expect(result.errors.contains("\nlog   ~/.local/state/kubeforge/logs/2"), "\(result.errors)")
    }
}
