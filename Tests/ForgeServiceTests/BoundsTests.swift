import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("A number of a service")
struct BoundsTests {
    private static let request = ServiceRequest(path: "/score", expected: .refusal(404))

    @Test(
        "that is no status, no time and no length is not this script's",
        arguments: [
            "200 1e300 2", "200 nan 2", "1e300 0 2", "200 0.1 -5", "200 0.1 1e300", "nan 0 0",
            "200 0.1 9223372036854775807", "1000 0.1 2", "200 1000001 2", "200 0.1 3",
        ])
    func replies(head: String) {
        let script = RequestScript(requests: [("http://h", Self.request)])
        #expect(script.replies(from: Array("\(head)\n{}\n".utf8)) == nil)
        #expect(script.replies(from: Array("200 0.1 2\n{}\n".utf8))?.count == 1)
        let largest = script.replies(from: Array("999 1000000 2\n{}\n".utf8))
        #expect(largest?.map(\.status) == [999])
        #expect(largest?.map(\.milliseconds) == [1_000_000_000])
    }

    @Test("of a load is within bounds, or no report comes of it")
    func load() {
        let script = LoadScript(address: "http://h", rows: 3, load: Load(length: .seconds(1)))
        func report(_ text: String) -> LoadReport? { LoadSum.report(text, of: script, from: "m") }
        #expect(report("seconds nan\nlongest 1\n") == nil)
        #expect(report("seconds 1\nlongest inf\n") == nil)
        #expect(
            report(
                "seconds 1\nlongest 1\nbucket 9223372036854775807 1\nbucket 1e300 1\nbucket 5 9223372036854775807\n")?
                .times == [])
        for (count, isRead) in [(1000, true), (1001, false)] {
            let answered = report("seconds 1\nlongest 1\n" + String(repeating: "bucket 1 1\n", count: count))
            let failed = report("seconds 1\nlongest 1\n" + String(repeating: "failed curl 7 1\n", count: count))
            #expect((answered != nil) == isRead && (failed != nil) == isRead, "\(count) lines")
        }
    }

    private func golden(rows: Int, classes: Int) -> [UInt8] {
        let lines = (0..<rows).map { row in
            let name = "{\"number\":\(row % classes),\"letter\":\"\(row % classes)\"}"
            return "{\"truth\":\(name),\"lda\":\(name),\"mlp\":\(name)}"
        }
        return Array("{\"features\":[\"a\"],\"score\":{},\"rows\":[\(lines.joined(separator: ","))]}".utf8)
    }

    @Test("of classes makes a matrix up to a thousand, and none above")
    func classes() throws {
        let (few, many) = (
            try ForgeService.ExpectedAnswers(golden(rows: 1000, classes: 1000), path: "g"),
            try ForgeService.ExpectedAnswers(golden(rows: 1001, classes: 1001), path: "g")
        )
        #expect(few.confusion(of: "lda")?.classes.count == 1000)
        #expect(many.confusion(of: "lda") == nil)
    }

    @Test("of models is bounded, and so are the numbers of all their matrices; each is there once")
    func models() throws {
        func golden(_ models: [String], classes: Int) throws -> ForgeService.ExpectedAnswers {
            let lines = (0..<classes).map { row in
                let members = ["truth", "m3"].map { "\"\($0)\":{\"number\":\(row)}" }
                return "{\(members.joined(separator: ","))}"
            }
            let names = models.map { "\"\($0)\"" }.joined(separator: ",")
            let text =
                """
                {"features":["a"],"score":{},"models":[\(names)],"rows":[\(lines.joined(separator: ","))]}
                """
            return try ForgeService.ExpectedAnswers(Array(text.utf8), path: "golden.json of p")
        }
        let equal = #expect(throws: Problem.self) { try golden([String](repeating: "m", count: 10_000), classes: 1) }
        #expect(
            equal?.description == """
                golden.json of p cannot be compared with answers
                  why  two models have the same name, or names that only differ in how they are encoded: m
                  fix  rename one of the two models, train, and deploy again
                """)
        let many = #expect(throws: Problem.self) { try golden((0...1000).map { "m\($0)" }, classes: 1) }
        #expect(
            many?.description == """
                golden.json of p names too many models
                  why  it names 1001; at most 1000 are compared
                  fix  divide the models among several services
                """)
        #expect(try golden((0..<1000).map { "m\($0)" }, classes: 1).models.count == 1000)
        // Four matrices of a thousand classes have four million numbers, and so have 400 of a hundred.
        #expect(try golden((0..<4).map { "m\($0)" }, classes: 1000).confusion(of: "m3")?.classes.count == 1000)
        #expect(try golden((0..<5).map { "m\($0)" }, classes: 1000).confusion(of: "m3") == nil)
        #expect(try golden((0..<400).map { "m\($0)" }, classes: 100).confusion(of: "m3")?.classes.count == 100)
        #expect(try golden((0..<400).map { "m\($0)" }, classes: 101).confusion(of: "m3") == nil)
    }

    @Test("of bytes is bounded before golden.json is read")
    func bytes() {
        let problem = #expect(throws: Problem.self) {
            try ForgeService.ExpectedAnswers([UInt8](repeating: 32, count: (48 << 20) + 1), path: "golden.json of p")
        }
        #expect(problem?.why == "it has 48 MiB; at most 48 are read")
    }

    @Test(
        "of bytes is bounded before metadata.json of a pod is read, and any other JSON where nobody says how long it is"
    )
    func description() throws {
        let most = VersionDescription.largest
        func text(_ bytes: Int) -> String { "{\"files\":{}" + String(repeating: " ", count: bytes - 12) + "}" }
        #expect(text(20).utf8.count == 20)
        let (large, fitting) = (CommandState(text: text(most + 1)), CommandState(text: text(most)))
        #expect(try DataDrift.training(fitting, Service(), Example.master).count == most)
        let drift = #expect(throws: Problem.self) { try DataDrift.training(large, Service(), Example.master) }
        #expect(
            drift?.description == """
                metadata.json of the models that inference runs is too large
                  why  it has more than 16 MiB
                  fix  train the models again, and `kubeforge deploy`
                """)
        let push = PushCheck(Service())
        let found = try #require(JSONValue(Array("{\"columns\":[]}".utf8)).flatMap(ModelDescription.init))
        let answers = Answers([try #require(push.questions.first): .command(large)])
        let pushed = #expect(throws: Problem.self) { try push.check(found, answers, as: "m", inventory: "lab.yaml") }
        #expect(pushed?.description == drift?.description)
        #expect(JSONValue(Array(text(most).utf8)) != nil)
        #expect(JSONValue(Array(text(most + 1).utf8)) == nil)
        #expect(
            LocalPython.read(Output(text(most + 1))) == .refused("what there is to say of it has more than 16 MiB"))
        #expect(LocalPython.read(Output(text(most))) == .said(.object(["files": .object([:])])))
    }

    @Test(
        "is beside a name; two names that only differ in their encoding are told, not taken for one",
        arguments: [("Å", "A\u{30A}"), ("Ω", "\u{2126}"), ("a", "a")])
    func names(one: String, other: String) {
        let text = "{\"features\":[\"b\",\"\(one)\",\"\(other)\"],\"score\":{},\"rows\":[{}]}"
        let problem = #expect(throws: Problem.self) {
            try ForgeService.ExpectedAnswers(Array(text.utf8), path: "golden.json of p")
        }
        #expect(problem?.what == "golden.json of p cannot be compared with answers")
        #expect(
            problem?.why
                == "two features have the same name, or names that only differ in how they are encoded: \(one)")
        #expect(problem?.fix == "rename one of the two columns, train, and deploy again")
    }

    @Test("of names that are there twice is told up to five, in their order")
    func manyNames() {
        let names = "zffeeddccbbaa".map { "\"\($0)\"" }.joined(separator: ",")
        let text = "{\"features\":[\(names)],\"score\":{},\"rows\":[{}]}"
        let problem = #expect(throws: Problem.self) {
            try ForgeService.ExpectedAnswers(Array(text.utf8), path: "golden.json of p")
        }
        #expect(problem?.why?.hasSuffix(" in how they are encoded: a, b, c, d, e") == true)
    }

    @Test("of a file's size must have a place in an archive")
    func archive() throws {
        #expect(try TarArchive.header("data/train.csv", size: (1 << 33) - 1).count == 512)
        let problem = #expect(throws: Problem.self) { try TarArchive.header("data/train.csv", size: 1 << 33) }
        #expect(problem?.why == "it has 8 GiB; an archive takes less than 8")
    }

    @Test("of a clock is compared with a Lease's, whatever it is", arguments: [Int.min, .max, -1])
    func leases(now: Int) throws {
        let held =
            #"""
            {"metadata":{"name":"kubeforge","namespace":"mlops"},"spec":{"holderIdentity":"x",\#
            "renewTime":"2026-11-21T09:06:40Z"}}
            """#
        let step = LeasesAreFree(Example.cluster().services)
        let answers = Answers([
            try #require(step.questions.first): .command(CommandState(text: "\(now)\n{\"items\":[\(held)]}"))
        ])
        #expect(
            step.differences(given: answers).map(\.text) == [
                "Lease mlops/kubeforge is held by an unknown run, renewed 0 s ago"
            ])
    }

    @Test("of pods of a rollout is subtracted, whatever it is")
    func rollout() {
        let object =
            #"""
            {"kind":"Deployment","metadata":{"name":"inference"},"spec":{"template":{"spec":{"containers":[{\#
            "name":"c","image":"IMAGE"}]}}},"status":{"replicas":9223372036854775807,\#
            "updatedReplicas":-9223372036854775808,"availableReplicas":0}}
            """#
        let json = "{\"items\":[\(object.replacing("IMAGE", with: Example.release.reference))]}"
        let found = RolloutState(ClusterObject.list(json)).differences(
            from: Example.release, of: "inference", replicas: 2)
        #expect(found.count == 3)
    }
}

@Suite("An address with a password in it")
struct AddressTests {
    @Test(
        "is shown without it",
        arguments: [
            ("https://data.example/rows.csv", "https://data.example/rows.csv"),
            ("https://me:word@data.example/rows.csv", "https://data.example/rows.csv"),
            ("https://data.example/rows.csv?token=SECRET", "https://data.example/rows.csv?•••"),
            ("https://a:b@c:d@h/x#SECRET", "https://h/x?•••"),
            ("https://h?SECRET", "https://h?•••"), ("https://h/a@b/rows.csv", "https://h/a@b/rows.csv"),
            ("rows.csv", "rows.csv"),
            ("https://[::1]/x?a b", "https://[::1]/x?•••"),
        ])
    func shown(url: String, shown: String) {
        #expect(BatchInput.shown(url) == shown)
    }
}
