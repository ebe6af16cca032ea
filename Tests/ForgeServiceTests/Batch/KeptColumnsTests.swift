import ForgeCore
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeService

/// The service's own reader is run here, as it is on the operator's computer.
@Suite("Columns that are to be kept")
struct KeptColumnsTests {
    private func end(_ keep: String?, _ text: String, named name: String = "rows.csv") async throws -> Problem? {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write(name, text)
            let input = try BatchInput(path) { $0 }
            let columns = try KeptColumns(of: input, output: BatchOutput(keep: keep), templates: Templates())
            do {
                try await columns?.check(on: LocalTransport())
                return nil
            } catch let problem as Problem {
                return Problem(
                    problem.kind, what: problem.what, why: problem.why?.replacing(directory.path + "/", with: ""),
                    fix: problem.fix)
            }
        }
    }

    @Test("are looked for in a file here, before it is sent anywhere")
    func missing() async throws {
        let rows = "customer;\"first, last\";plan\n1;a;pro\n"
        #expect(
            try await end("plan,custmer", rows)?.description == """
                rows.csv was rejected
                  why  rows.csv:1: has no column 'custmer', which is to be kept; it has 'customer', 'first, last', \
                'plan'
                  fix  correct it, or --keep; `--keep all` keeps every column
                """)
        #expect(try await end("plan,\"first, last\"", rows) == nil)
        #expect(try await end("all", rows) == nil)
    }

    @Test("are left to the cluster where nothing here could tell, and where nothing is kept")
    func unknown() async throws {
        #expect(try await end("plan", "PAR1PAR1") == nil)
        #expect(try await end(nil, "no rows") == nil)
    }
}
