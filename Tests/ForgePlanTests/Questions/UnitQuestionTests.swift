import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@Suite("A question about a unit")
struct UnitQuestionTests {
    @Test(
        "reads what systemctl shows",
        arguments: [
            (
                """
                LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nActiveEnterTimestamp=Sat 2026-11-21 \
                11:10:54 UTC\nInvocationID=0a1b
                """,
                UnitState(
                    load: "loaded", active: "active", enabled: "enabled", since: 1_795_259_454, invocation: "0a1b")
            ),
            (
                "ActiveEnterTimestamp=\nUnitFileState=\nActiveState=inactive\nLoadState=not-found",
                UnitState(load: "not-found", active: "inactive", enabled: "")
            ),
            (
                "LoadState=masked\nActiveState=failed\nActiveEnterTimestamp=n/a\nUnitFileState=masked",
                UnitState(load: "masked", active: "failed", enabled: "masked")
            ),
        ])
    func reads(text: String, expected: UnitState) async throws {
        let transport = ScriptedTransport { _ in Output(frame(text)) }
        #expect(try await transport.look(.unit("kubelet.service")).unit("kubelet.service") == expected)
    }

    @Test("keeps several units apart by their order")
    func several() async throws {
        let block = "LoadState=loaded\nActiveState=%\nUnitFileState=enabled\nActiveEnterTimestamp="
        let text = ["active", "failed"].map { block.replacing("%", with: $0) }.joined(separator: "\n\n")
        let answers = try await ScriptedTransport { _ in Output(frame(text)) }.look(.unit("a"), .unit("b"))
        #expect([answers.unit("a").active, answers.unit("b").active] == ["active", "failed"])
    }

    @Test(
        "counts the seconds of a date as calendars do",
        arguments: [
            ("Thu 1970-01-01 00:00:00 UTC", 0), ("Tue 2000-02-29 23:59:59 UTC", 951_868_799),
            ("Wed 2000-03-01 00:00:00 UTC", 951_868_800),
            ("Sun 2024-12-31 23:59:59 UTC", 1_735_689_599), ("Mon 2025-01-01 00:00:00 UTC", 1_735_689_600),
            ("Thu 2100-03-01 12:00:00 UTC", 4_107_585_600),
        ])
    func seconds(text: String, expected: Int) async throws {
        let transport = ScriptedTransport { _ in Output(frame("ActiveEnterTimestamp=\(text)")) }
        #expect(try await transport.look(.unit("a")).unit("a").since == expected)
    }

    @Test("of a time in another zone has no answer rather than a wrong one")
    func otherZone() async throws {
        let transport = ScriptedTransport { _ in Output(frame("ActiveEnterTimestamp=Sat 2026-11-21 11:10:54 CET")) }
        #expect(try await transport.look(.unit("a")).unit("a").since == nil)
    }

    @Test("asks systemctl once, with every name as one word", arguments: Shell.all)
    func asks(shell: String) async throws {
        try await TemporaryFolder.during { folder in
            let program = """
                #!/bin/sh
                [ "$TZ" = UTC ] || exit 1
                while [ "$1" != -- ]; do shift; done; shift
                first=yes
                for unit; do [ $first ] || echo; first=; echo "LoadState=$unit"; echo ActiveEnterTimestamp=; done
                """
            try folder.write("systemctl", program, mode: 0o755)
            let names = ["a b.service", "it's.mount", "-.slice"]
            let answers = try await LocalTransport(shell: shell, programs: folder.path).ask(
                names.map(Question.unit), of: Example.host())
            #expect(names.map { answers.unit($0).load } == names)
        }
    }

    @Test("without systemd says so", arguments: Shell.all)
    func withoutSystemd(shell: String) async throws {
        try await TemporaryFolder.during { folder in
            try folder.write(
                "systemctl", "#!/bin/sh\necho System has not been booted with systemd >&2; exit 1\n", mode: 0o755)
            let transport = LocalTransport(shell: shell, programs: folder.path)
            let problem = await #expect(throws: Problem.self) { try await transport.look(.unit("a"), .unit("b")) }
            #expect(
                problem
                    == Problem(
                        what: "kubnode: its reply could not be parsed", why: "systemctl showed 0 of 2 units",
                        fix:
                            """
                            kubeforge needs a machine that was booted with systemd: `systemctl is-system-running` \
                            should answer there
                            """
                    ))
        }
    }
}
