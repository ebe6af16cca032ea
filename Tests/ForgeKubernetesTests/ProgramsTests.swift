import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

/// `ScriptedTransport` looks at every command of every test; here is that it sees them, and that the table is true.
@Suite("The programs that are started on a machine")
struct ProgramsTests {
    @Test(
        "are seen wherever a shell starts them",
        arguments: [
            ("a; b && c || d | e &", "abcde"), ("x=1 a \"$(b 'c' | d)\" `e`", "abde"),
            ("if a; then b; else c; fi", "abc"),
            ("for i in a b; do c; done", "c"), ("case $x in a|b) c;; d) e;; esac; f", "cef"), ("f() { a; }; f b", "a"),
            ("a <<E >b\nc d\nE\ne", "ae"), ("echo a # b\n[ -e c ] || exit 1", ""),
            ("xargs -n 1 -P 3 sh -c 'a \"$1\"; b' sh", "ab"),
            ("timeout 40 a -b", "a"), ("env A=b c", "c"), ("exec a \"$@\"", "a"), ("! a || { b; }", "ab"),
            ("command -v a", ""),
            ("while read -r a; do b <c; done <d", "b"), ("(a; b) 2>/dev/null", "ab"),
            ("echo \"$((1 + 2))\" \"${a:-b}\"", ""),
            ("job() { timeout 40 sh -c \"$2\" </dev/null 2>/dev/null >\"$jobs/$1\"; }\n{\njob 0 '[ -f x ]'\n} &", ""),
            ("f() { printf '%s' \"${#2}\" \"$2\"; }\nx=$(a -d 2>/dev/null || b) || exit 1\ntrap 'c' EXIT", "ab"),
        ])
    func found(script: String, programs: String) {
        let starters: Set = ["xargs", "sh", "timeout", "env"]
        #expect(Command.script(script).programs.subtracting(starters).sorted().joined() == programs)
        #expect(Command("sh", "-c", Word(script)).programs.subtracting(starters).sorted().joined() == programs)
    }

    @Test("that no package brings fail every test that starts them, with a sentence")
    func unknown() async throws {
        let transport = ScriptedTransport { _ in Output() }
        let problem = await #expect(throws: Problem.self) {
            try await transport.run(Command("sh", "-c", "ls | crictl ps")) { _ in }
        }
        #expect(problem?.what.hasPrefix("nothing brings crictl to a machine: install a package that has it") == true)
    }

    @Test("come with packages that the plan installs, whosever Docker it is")
    func installed() throws {
        for cluster in GoldenPlanTests.clusters.values {
            let steps = try Example.plan(cluster).stages.flatMap(\.work).filter { $0.host.name == "kubmaster" }.flatMap(
                \.steps)
            let names = Set(steps.compactMap { $0 as? Packages }.flatMap(\.names))
            for (program, packages) in KnownPrograms.installed {
                #expect(!names.isDisjoint(with: packages), "no step installs \(packages), which \(program) comes with")
            }
        }
    }

    @Test("of all questions are known ones")
    func questions() throws {
        var complaints: Set<String> = []
        for cluster in GoldenPlanTests.clusters.values {
            for case .command(let text) in try ["kubmaster", "kubnode"].flatMap({
                try Example.plan(cluster).questions(for: $0)
            }) {
                if let complaint = KnownPrograms.complaint(about: Command.script(text)) { complaints.insert(complaint) }
            }
        }
        #expect(complaints == [])
    }
}
