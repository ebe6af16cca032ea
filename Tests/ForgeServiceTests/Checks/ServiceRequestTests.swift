import ForgeCore
import ForgePlan
import Testing

@testable import ForgeService

@Suite("Rows that are sent to the service")
struct ServiceRequestTests {
    /// How many rows each of the bodies has, when so many rows with these features are sent.
    private func sizes(_ count: Int, _ features: String) throws -> [Int] {
        let lines = Array(repeating: "{}", count: count).joined(separator: ",")
        let text = "{\"features\":[\"a\"],\"models\":[\"m\"],\"score\":{},\"rows\":[\(lines)]}"
        let golden = try ForgeService.ExpectedAnswers(Array(text.utf8), path: "golden.json")
        let row = try #require(TestRow(features, count: 1))
        let all = Array(0..<count)
        let known = Dictionary(uniqueKeysWithValues: all.map { ($0, row) })
        return ServiceRequest.batches(golden, rows: all, features: known).map(\.rows.count)
    }

    @Test("are at most a thousand in a body")
    func thousand() throws {
        #expect(try sizes(1000, "[1]") == [1000])
        #expect(try sizes(2001, "[1]") == [1000, 1000, 1])
    }

    @Test("are as many in a body as have a mebibyte together")
    func mebibyte() throws {
        // With its quotes and brackets a quarter of it.
        let quarter = "[\"" + String(repeating: "x", count: 262_140) + "\"]"
        #expect(try sizes(9, quarter) == [4, 4, 1])
    }
}
