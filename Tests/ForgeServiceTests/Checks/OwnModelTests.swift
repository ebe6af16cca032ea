import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

/// A service of two models of one's own: a classifier with probabilities, and a regression of 32 bits.
private enum Churn {
    static let golden = """
        {"models": ["churn", "price"], "tasks": {"churn": "classification", "price": "regression"},
         "tolerance": {"churn": 1e-9, "price": 1e-4}, "features": ["age", "plan", "zip", "active", "spend"],
         "data": {"test": {"rows": 5000, "sha256": "ab"}}, "score": {"churn": 0.9, "price": 0.81},
         "rows": [
        \((0..<30).map(row).joined(separator: ",\n"))
        ]}
        """

    private static func row(_ line: Int) -> String {
        #"{"line": \#(line), "truth": {"class": "\#(isYes(line))"}, \#(answers(line))}"#
    }

    static func isYes(_ line: Int) -> String { line % 2 == 0 ? "yes" : "no" }

    /// As the service prints them.
    static func answers(_ line: Int) -> String {
        #""churn": {"class": "\#(isYes(line))", "probability": 0.947}, "price": {"value": \#(line).25}"#
    }

    static func features(_ line: Int) -> [String] { ["\(line)", #""a, \"p\"""#, #""01234""#, "true", "null"] }

    static let rows = (0..<30).map {
        #"{"row": \#($0), "features": [\#(features($0).joined(separator: ", "))], "truth": "[yes]"}"#
    }

    /// What a right service says; `bend` changes single answers.
    static func reply(_ asked: Asked) -> (status: Int, body: String) {
        guard let body = asked.body else { return get(asked.path) }
        let rows = JSONValue(Array(body.utf8))?["rows"]?.elements ?? []
        var answers: [String] = []
        for row in rows {
            let values = ["age", "plan", "zip", "active", "spend"].map { row[$0] }
            let list = row.elements.isEmpty ? values : row.elements
            let isKnown = row["no column has this name"] == nil
            guard isKnown, list.count == 5, case .number(let line)?? = list.first,
                case .string?? = list.dropFirst().first
            else {
                return (400, #"{"error": "rows[0].age must be a number"}"#)
            }
            answers.append("{\(Churn.answers(Int(line)))}")
        }
        return (200, #"{"predictions": [\#(answers.joined(separator: ","))]}"#)
    }

    private static func get(_ path: String) -> (status: Int, body: String) {
        if path == "/score" { return (200, #"{"churn": 0.9, "price": 0.81}"#) }
        guard let line = path.split(separator: "/").last.flatMap({ Int($0) }) else { return (400, #"{"error": "no"}"#) }
        if line >= 5000 { return (404, #"{"error": "no"}"#) }
        if path.hasPrefix("/line") {
            let names = ["age", "plan", "zip", "active", "spend"]
            let members = zip(names, features(line)).map { "\"\($0)\": \($1)" }.joined(separator: ", ")
            return (200, #"{"line": \#(line), "class": "\#(isYes(line))", "features": {\#(members)}}"#)
        }
        return (200, #"{"line": \#(line), \#(answers(line))}"#)
    }
}

private func churn(
    golden: String = Churn.golden, _ bend: @escaping @Sendable (Asked, String) -> String = { $1 }
) -> ScriptedTransport {
    ScriptedTransport { command in
        let script = command.inputText
        if script.contains("get deployment") {
            return Output(
                answering: CommandState(text: Small.deployment), CommandState(text: Small.exposure),
                CommandState(text: golden), CommandState(text: Small.pods))
        }
        if script.contains("rows.jsonl") {
            let lines = script.matches(of: /(\d+)p/).compactMap { Int($0.1) }.sorted().map { Churn.rows[$0 - 1] }
            return Output(answering: CommandState(text: lines.joined(separator: "\n")))
        }
        return Output(
            asked(in: script).map { asked in
                let reply = Churn.reply(asked)
                return framed((reply.status, bend(asked, reply.body)))
            }.joined())
    }
}

@Suite("The smoke test of models of one's own")
struct OwnModelTests {
    private let test = SmokeTest(cluster: Example.cluster(), rows: 2, minimumScore: 0.8)

    @Test("sends values of any type as they are, by place and by name, and compares what comes back")
    func passes() async throws {
        let (host, notes) = (churn(), Notes())
        let result = try await test.run(controlPlane: host, reporter: notes)
        #expect(result.checks.filter { !$0.isPassed } == [])
        #expect(
            result.checks.prefix(while: { !$0.name.contains(" at ") }).map(\.name).suffix(9) == [
                "POST /prediction, 3 rows", "POST /prediction, 1 row, by name", "/score", "/prediction/5000",
                "/line/abc", "POST /prediction, a column too many", "POST /prediction, a column too few",
                "POST /prediction, an unknown column", "POST /prediction, a wrong type",
            ])
        #expect(result.checks.suffix(3).map(\.name) == ["training-serving skew", "score of churn", "score of price"])
        let bodies = asked(in: try #require(await host.commands.last).inputText).compactMap(\.body)
        #expect(bodies[0].hasPrefix(#"{"rows":[[23,"a, \"p\"","01234",true,null],["#))
        #expect(
            bodies[1]
                == #"{"rows":[{"spend":null,"active":true,"zip":"01234","plan":"a, \"p\"","age":23}]}"#)
        #expect(bodies[2] == #"{"rows":[[23,"a, \"p\"","01234",true,null,1]]}"#)
        #expect(bodies[3] == #"{"rows":[[23,"a, \"p\"","01234",true]]}"#)
        #expect(
            bodies[4] == #"""
                {"rows":[{"age":23,"plan":"a, \"p\"","zip":"01234","active":true,"spend":null,\#
                "no column has this name":1}]}
                """#)
        #expect(bodies[5] == #"{"rows":[["no number","a, \"p\"","01234",true,null]]}"#)
        // The regression has none.
        #expect(notes.matrices.map(\.model) == ["churn"])
        #expect(notes.matrices.map(\.classes) == [["no", "yes"]])
    }

    @Test("shows a class with its probability, and a value")
    func shown() async throws {
        let result = try await test.run(controlPlane: churn(), reporter: Silence())
        #expect(
            result.checks.first { $0.name == "/prediction/23" }?.got
                == "churn no (0.947), line 23, price 23.25")
    }

    @Test(
        "takes what a model computes by its tolerance, and a class exactly",
        arguments: [
            ("0.947", "0.9470000001", true), ("0.947", "0.948", false), ("23.25", "23.2501", true),
            ("23.25", "23.26", false), (#""no""#, #""yes""#, false), (#""no""#, "false", false),
        ])
    func tolerance(right: String, got: String, isPassed: Bool) async throws {
        let host = churn { asked, body in asked.path == "/prediction/23" ? body.replacing(right, with: got) : body }
        let result = try await test.run(controlPlane: host, reporter: Silence())
        #expect(result.isPassed == isPassed)
        #expect(result.checks.first { $0.name == "training-serving skew" }?.isPassed == isPassed)
    }

    @Test("judges a nearly zero value beside the others, and small values beside each other")
    func scale() throws {
        func rules(_ values: String...) throws -> AnswerRules {
            let rows = values.map { #"{"m": {"value": \#($0)}}"# }.joined(separator: ",")
            let text =
                #"{"models": ["m"], "tolerance": {"m": 1e-4}, "features": ["a"], "score": {}, "rows": [\#(rows)]}"#
            return try ForgeService.ExpectedAnswers(Array(text.utf8), path: "g").rules.below("m").below("value")
        }
        #expect(try rules("1e3", "0").closeness == Closeness(relative: 1e-4, scale: 500))
        #expect(try rules("1e3", "0").closeness.holds(0, 1e-6))
        #expect(try !rules("1e-6", "2e-6").closeness.holds(1e-6, 2e-6))
        #expect(try rules("1e-6", "2e-6").closeness.holds(1e-6, 1.00001e-6))
    }

    @Test("takes a class that is a number exactly, and its probability as beside 1")
    func numbers() throws {
        let row = #"{"m": {"class": 3, "probability": 0.0001}}"#
        let text =
            #"{"models": ["m"], "tolerance": {"m": 1e-4}, "features": ["a"], "score": {}, "rows": [\#(row)]}"#
        let rules = try ForgeService.ExpectedAnswers(Array(text.utf8), path: "g").rules
        let expected = try #require(JSONValue(Array(row.utf8)))
        func isSame(_ name: String, _ probability: String) throws -> Bool {
            let text = #"{"m": {"class": \#(name), "probability": \#(probability)}}"#
            let got = try #require(JSONValue(Array(text.utf8)))
            return JSONDifference.between(expected, got, by: rules).isEmpty
        }
        #expect(try isSame("3", "0.00019"))
        #expect(try !isSame("3", "0.00021"))
        #expect(try !isSame("4", "0.0001"))
        #expect(try !isSame("3.0000000001", "0.0001"))
    }

    @Test("says the share of rows that differ, by model")
    func skew() async throws {
        let host = churn { asked, body in
            asked.path.hasPrefix("/prediction") ? body.replacing(#""no""#, with: #""yes""#) : body
        }
        let result = try await SmokeTest(cluster: Example.cluster(), rows: 29).run(
            controlPlane: host, reporter: Silence())
        #expect(
            result.checks.first { $0.name == "training-serving skew" }?.got
                == "predictions differ from training on 50 % of rows: "
                + "the service does not transform features as training did (churn 50 %)")
    }

    @Test("cannot hold a model to a score where nothing is scored, and says why")
    func withoutTruth() async throws {
        let golden = Churn.golden.replacing(#"{"churn": 0.9, "price": 0.81}"#, with: "{}")
            .replacing(#/"truth": \{[^}]*\}, /#, with: "")
        let (host, notes) = (
            churn(golden: golden) { asked, body in
                switch asked.path {
                case "/score": "{}"
                case let path where path.hasPrefix("/line"): body.replacing(#/"class": "[a-z]*", /#, with: "")
                default: body
                }
            }, Notes()
        )
        let result = try await test.run(controlPlane: host, reporter: notes)
        #expect(result.checks.filter { !$0.isPassed }.map(\.name) == ["score of churn", "score of price"])
        #expect(result.checks.last?.got == "no score: the rows have no truth (service: target:)")
        #expect(notes.matrices == [])
    }

    @Test("names classes as the data do, or as labels.csv shows them, in the order of their numbers")
    func classes() throws {
        func classes(_ names: String...) throws -> [String]? {
            let rows = names.map { #"{"truth": \#($0), "m": \#($0)}"# }.joined(separator: ",")
            let text = #"{"models": ["m"], "features": ["a"], "score": {}, "rows": [\#(rows)]}"#
            return try ForgeService.ExpectedAnswers(Array(text.utf8), path: "g").confusion(of: "m")?.classes
        }
        #expect(try classes(#"{"class": 10, "probability": 0.5}"#, #"{"class": 9}"#) == ["9", "10"])
        #expect(try classes(#"{"class": true}"#, #"{"class": false}"#) == ["false", "true"])
        #expect(
            try classes(#"{"number": 2, "letter": "C"}"#, #"{"number": 10, "letter": "K"}"#) == ["C", "K"])
        // The first of several numbers counts.
        let (one, other) = (
            #"{"a": 2, "b": 1, "c": 1, "d": 1, "e": 1, "name": "x"}"#,
            #"{"a": 1, "b": 2, "c": 2, "d": 2, "e": 2, "name": "y"}"#
        )
        #expect(try classes(one, other) == ["y", "x"])
        #expect(try classes(#"{"e": "5", "d": "4", "c": "3", "b": "2", "a": "1"}"#) == ["1 2 3 4 5"])
        #expect(try classes(#"{"value": 2}"#) == nil)
        #expect(try classes(#"{"probability": 0.5}"#) == nil)
    }

    @Test("reads rows as they are written, and no others")
    func rows() {
        #expect(TestRow(#"[1, "a,]\"[", null ]"#, count: 3)?.texts == ["1", #""a,]\"[""#, "null"])
        #expect(TestRow(#"[12345678901234567890, 1.50]"#, count: 2)?.list == "[12345678901234567890,1.50]")
        #expect(TestRow(#"[1, 2], "truth": "]"}"#, count: 2)?.list == "[1,2]")
        for text in ["[]", "[1,2]", "[[1],2,3]", #"[{"a":1},2,3]"#, "[1,2,3", "1,2,3", #"["a,2,3]"#, "[1,x,3]"] {
            #expect(TestRow(text, count: 3) == nil, "\(text)")
        }
    }
}
