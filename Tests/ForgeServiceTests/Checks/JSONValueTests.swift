import ForgeCore
import ForgePlan
import Testing

@testable import ForgeService

@Suite("An answer of the service")
struct JSONValueTests {
    private func json(_ text: String) throws -> JSONValue { try #require(JSONValue(Array(text.utf8))) }

    @Test(
        "is shown so that a person recognises it at a glance",
        arguments: [
            (#"{"error": "boom"}"#, "boom"), (#"{"class": "yes"}"#, "yes"), (#"{"value": 201.70004}"#, "201.7"),
            (#"{"class": "yes", "probability": 0.94712}"#, "yes (0.9471)"),
            (#"{"number": 2, "letter": "C"}"#, "C (2)"), (#"{"a": "x", "b": "y"}"#, "a x, b y"),
            (#"{"number": 2, "letter": "C", "line": 7}"#, "letter C, line 7, number 2"),
            (#"{"other": 5}"#, "other 5"), ("{}", "{}"), ("true", "true"), ("null", "null"), ("3", "3"),
            (
                #"{"h": 8, "g": 7, "f": 6, "e": 5, "d": 4, "c": 3, "b": 2, "a": 1}"#,
                "a 1, b 2, c 3, d 4, e 5, f 6, g 7, h 8"
            ),
            (#"{"i": 9, "h": 8, "g": 7, "f": 6, "e": 5, "d": 4, "c": 3, "b": 2, "a": 1}"#, "9 values"),
            ("[1, 2, 3, 4, 5, 6, 7, 8]", "[1, 2, 3, 4, 5, 6, 7, 8]"), ("[1, 2, 3, 4, 5, 6, 7, 8, 9]", "9 values"),
        ])
    func summary(text: String, shown: String) throws {
        #expect(try json(text).summary == shown)
    }

    @Test("is written on one line, its members in the order of their names")
    func description() throws {
        let value = try json(#"{"f": 0.5, "e": [], "d": {}, "c": "x", "b": null, "a": true}"#)
        #expect(value.description == #"{"a":true,"b":null,"c":"x","d":{},"e":[],"f":0.5}"#)
    }

    @Test("is cut where it has more than 120 characters")
    func shortened() {
        let (fitting, long) = (String(repeating: "x", count: 120), String(repeating: "x", count: 121))
        #expect(fitting.shortened == fitting)
        #expect(long.shortened == String(repeating: "x", count: 119) + "…")
    }

    @Test("that is another one is told by its first three differences, in order, and how many more there are")
    func differences() throws {
        let expected = try json(#"{"f": 6, "e": 5, "d": 4, "c": 3, "b": 2, "a": 1}"#)
        func report(_ got: String) -> CheckReport {
            let request = ServiceRequest(path: "/score", expected: .answer(expected))
            let reply = ServiceReply(status: 200, body: Array(got.utf8), milliseconds: 1)
            return AnswerCheck(request: request, reply: reply).report
        }
        let three = report(#"{"a": 0, "b": 0, "c": 0, "d": 4, "e": 5, "f": 6}"#)
        #expect(three.got == "a: 0, b: 0, c: 0")
        let four = report(#"{"a": 0, "b": 0, "c": 0, "d": 0, "e": 5, "f": 6}"#)
        #expect(four.expected == "a: 1, b: 2, c: 3, and 1 more")
        #expect(four.got == "a: 0, b: 0, c: 0, and 1 more")
        #expect(report("{}").got == "a: nothing, b: nothing, c: nothing, and 3 more")
        let paths = JSONDifference.between(expected, .object([:])).map(\.path)
        #expect(paths == ["a", "b", "c", "d", "e", "f"])
    }

    @Test("may differ by as much as is said, and no more")
    func closeness() {
        let half = Closeness(relative: 0.5, scale: 1)
        #expect(half.holds(1, 1.5))
        #expect(!half.holds(1, 1.75))
        #expect(half.holds(0.25, 0.75))
        #expect(half.holds(4, 6))
    }
}
