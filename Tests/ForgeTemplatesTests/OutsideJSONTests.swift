import ForgeTemplates
import Testing

@Suite("JSON from outside")
struct OutsideJSONTests {
    /// Foundation traps on the 513 brackets.
    @Test("that is nested too deep is none", arguments: [129, 512, 513, 514, 100_000])
    func deep(count: Int) {
        for bracket in ["[", "{\"a\":"] {
            let text = String(repeating: bracket, count: count)
            #expect(OutsideJSON.decode([Int].self, from: text) == nil)
            #expect(OutsideJSON.value(of: " " + text) == nil)
        }
    }

    /// An array with these elements, the last of them brackets within each other.
    private func nested(_ count: Int, after elements: String = "") -> String {
        "[\(elements)" + String(repeating: "[", count: count) + String(repeating: "]", count: count) + "]"
    }

    @Test("may have 128 brackets within each other and no more, whatever stands before them")
    func deepest() {
        let pairs = String(repeating: "[{}],", count: 100)
        for before in ["", #""a","#, "\"\",", #""\"","#, #""\\","#, #""[[","#, pairs] {
            #expect(OutsideJSON.value(of: nested(127, after: before)) != nil, "\(before)")
            #expect(OutsideJSON.value(of: nested(128, after: before)) == nil, "\(before)")
        }
    }

    @Test("may be as deep as anybody's is, and hold any brackets in its texts")
    func usual() {
        let deep = String(repeating: "[", count: 100) + "1" + String(repeating: "]", count: 100)
        #expect(OutsideJSON.value(of: deep) != nil)
        let text = #""\" \\"# + String(repeating: "[{", count: 300) + "\""
        #expect(OutsideJSON.decode(String.self, from: text)?.count == 603)
        #expect(OutsideJSON.decode([Int].self, from: "[1, 2]") == [1, 2])
        #expect(OutsideJSON.decode([Int].self, from: "[1, ") == nil)
        #expect(OutsideJSON.value(of: "7") as? Int == 7)
    }
}
