import Foundation
import Testing

@Suite("The service refuses", .served(over: Training.generated))
struct RefusalTests {
    let service: RunningService

    init() throws { service = try #require(Served.here).service }

    static let addresses =
        "GET /, /line/<n>, /prediction/<n>, /score, /metrics, /openapi.json, /v2, /healthz, /readyz; POST /prediction"

    @Test(
        "a line that is not there or not a number",
        arguments: ["/line/", "/prediction/"],
        [
            ("1300", 404, "row 1300 does not exist: the test set has rows 0 to 1299"),
            ("-1", 404, "row -1 does not exist: the test set has rows 0 to 1299"),
            ("99999999999999999999", 404, "row 99999999999999999999 does not exist: the test set has rows 0 to 1299"),
            ("A", 400, "'A' is not a row number: use a whole number from 0 to 1299"),
            ("1.5", 400, "'1.5' is not a row number: use a whole number from 0 to 1299"),
            ("1e2", 400, "'1e2' is not a row number: use a whole number from 0 to 1299"),
            ("1_0", 400, "'1_0' is not a row number: use a whole number from 0 to 1299"),
            ("nan", 400, "'nan' is not a row number: use a whole number from 0 to 1299"),
            ("%20", 400, "' ' is not a row number: use a whole number from 0 to 1299"),
            ("%00", 400, #"'\\x00' is not a row number: use a whole number from 0 to 1299"#),
            ("%D9%A3", 400, "'٣' is not a row number: use a whole number from 0 to 1299"),
            ("%FF", 400, "'\u{FFFD}' is not a row number: use a whole number from 0 to 1299"),
        ])
    func line(path: String, example: (row: String, status: Int, reason: String)) async throws {
        let expected = RunningService.Answer(example.status, #"{"error":"\#(example.reason)"}"#)
        #expect(try await service.get(path + example.row) == expected)
    }

    @Test(
        "an address or a method that it does not have",
        arguments: [
            ("GET", "/nothing", 404, "Not Found"), ("GET", "/line", 404, "Not Found"),
            ("GET", "/line/1/2", 404, "Not Found"),
            ("GET", "/static/api.py", 404, "Not Found"), ("GET", "/prediction", 405, "Method Not Allowed"),
            ("POST", "/prediction/23", 405, "Method Not Allowed"), ("DELETE", "/score", 405, "Method Not Allowed"),
        ])
    func address(method: String, path: String, status: Int, name: String) async throws {
        let reason = "\(method) \(path): \(name). Available: \(Self.addresses)"
        #expect(try await service.get(path, method: method) == .init(status, #"{"error":"\#(reason)"}"#))
    }

    static let form = #"the body must be {\"rows\": [[…], …]} and nothing else"#

    @Test(
        "a body of another form",
        arguments: [
            ("null", form), ("{}", form), (#""rows""#, form), (#"{"rows":1}"#, form),
            (#"{"rows":{}}"#, form), (#"{"rows":[[1]],"model":"lda"}"#, form), (#"{"row":[[1]]}"#, form),
            (#"{"rows":[]}"#, "rows is empty: send one row or more"), ("[]", "rows is empty: send one row or more"),
            (#"{"rows":[1]}"#, "rows[0] is not a list of numbers"),
            (#"{"rows":[{}]}"#, "rows[0].Cz/theta is missing, but required"),
            (#"{"rows":["\#(String(repeating: "1", count: 160))"]}"#, "rows[0] is not a list of numbers"),
            (#"{"rows":[[]]}"#, "rows[0] has 0 features, the models need 160"),
            (#"{"rows":[[1,2]]}"#, "rows[0] has 2 features, the models need 160"),
            (rows("1", "1,1"), "rows[1] has 161 features, the models need 160"),
            (rows("null"), "rows[0][0] is not a number: null"), (rows("true"), "rows[0][0] is not a number: true"),
            (rows(#""1.5""#), #"rows[0][0] is not a number: \"1.5\""#),
            (rows("[1]"), "rows[0][0] is not a number: [1]"),
            (rows("1", "{}"), "rows[1][0] is not a number: {}"),
        ])
    func body(text: String, reason: String) async throws {
        #expect(try await service.post("/prediction", text) == .init(400, #"{"error":"\#(reason)"}"#))
    }

    @Test(
        "what is not JSON, or a number that is not finite",
        arguments: [
            "", "rows", "{", #"{"rows":[[1"#, rows("NaN"), rows("-NaN"), rows("Infinity"), rows("-Infinity"),
            rows("1e999"), rows("-1e999"), rows(String(repeating: "9", count: 400)),
            rows(String(repeating: "9", count: 5000)), rows("01"), rows("1,"),
            String(repeating: "[", count: 100_000),
        ])
    func notJSON(text: String) async throws {
        try await expectNotJSON(Data(text.utf8))
    }

    @Test("what is not UTF-8")
    func notText() async throws {
        try await expectNotJSON(Data([0xFF, 0xFE, 0x00]))
    }

    @Test("more than 2,000 rows")
    func manyRows() async throws {
        let body = #"{"rows":["# + Array(repeating: "[1]", count: 2001).joined(separator: ",") + "]}"
        let reason = "2001 rows are too many: send at most 2000 at once"
        #expect(try await service.post("/prediction", body) == .init(413, #"{"error":"\#(reason)"}"#))
    }

    @Test("a body of more than 8 MiB, and takes one of exactly 8 MiB")
    func largeBody() async throws {
        let limit = 8 * 1024 * 1024
        let row = Data(Self.rows("1").utf8)
        let padded = row + Data(repeating: 0x20, count: limit - row.count)
        let reason = "the body is too large: send at most 8388608 bytes at once"
        #expect(try await service.post("/prediction", padded + [0x20]) == .init(413, #"{"error":"\#(reason)"}"#))
        #expect(try await service.post("/prediction", padded).status == 200)
    }

    @Test("nothing that is extreme but a number")
    func extremes() async throws {
        for number in ["0", "-0.0", "1e150", "-1e150", "1e-320", "18446744073709551616"] {
            #expect(try await service.post("/prediction", Self.rows(number)).status == 200, "\(number)")
        }
        for number in ["1e308", "-1e308", "1.1e150"] {
            let reason = #"{"error":"rows[1][0] is too large: numbers are from -1e150 to 1e150"}"#
            #expect(try await service.post("/prediction", Self.rows("1", number)) == .init(400, reason), "\(number)")
        }
        let zeros = Array(repeating: "0", count: 160).joined(separator: ",")
        #expect(try await service.post("/prediction", #"{"rows":[[\#(zeros)]]}"#).status == 200)
    }

    private func expectNotJSON(_ body: Data) async throws {
        let answer = try await service.post("/prediction", body)
        #expect(answer.status == 400)
        #expect(
            answer.body.contains(
                #/^{"error":"the body is not JSON with finite numbers: line \d+, column \d+: write text in double /#),
            "\(answer.body)")
    }

    /// A body with rows of 160 features, of which each begins with one of these.
    static func rows(_ first: String...) -> String {
        let rest = String(repeating: ",1", count: 159)
        return #"{"rows":["# + first.map { "[\($0)\(rest)]" }.joined(separator: ",") + "]}"
    }
}
