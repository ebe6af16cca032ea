import ForgeCore
import ForgeInventory
import Foundation
import Testing

@Suite("An inventory with random damage")
struct MutationTests {
    private static let pieces: [[UInt8]] =
        [
            "\t", "\n", ":", "- ", "&a", "*a", "!!int ", "{", "}", "[", "]", "\"", "'", "#", "|\n", "---\n", "%",
            "\u{0}", "ü", "~", "<<: ",
            "? ", "0", "\r",
        ]
        .map { Array($0.utf8) } + [[0xFF], [0xC3], [0xEF, 0xBB, 0xBF]]

    @Test("is a cluster still, or told with line and column", arguments: 0..<20)
    func isClusterOrTold(seed: UInt64) throws {
        let example = try Data(
            contentsOf: URL(filePath: #filePath).appending(path: "../../../inventory/example.yaml").standardized)
        let scratch = try Scratch()
        var dice = SeededNumbers(seed: seed)
        for _ in 0..<100 {
            var bytes = Array(example)
            for _ in 0..<Int.random(in: 1...4, using: &dice) { Self.damage(&bytes, with: &dice) }
            for problem in try scratch.problems(bytes) {
                #expect(problem.prefixMatch(of: /inventory\.yaml:[1-9][0-9]*:[1-9][0-9]*  [^\n]/) != nil, "\(problem)")
            }
        }
    }

    private static func damage(_ bytes: inout [UInt8], with dice: inout SeededNumbers) {
        let location = Int.random(in: 0..<bytes.count, using: &dice)
        let length = min(Int.random(in: 0...30, using: &dice), bytes.count - location)
        switch Int.random(in: 0...3, using: &dice) {
        case 0: bytes[location] ^= 1 << UInt8.random(in: 0...7, using: &dice)
        case 1: bytes.removeSubrange(location..<location + length)
        case 2:
            bytes.insert(
                contentsOf: bytes[location..<location + length], at: Int.random(in: 0..<bytes.count, using: &dice))
        default: bytes.insert(contentsOf: pieces.randomElement(using: &dice)!, at: location)
        }
    }
}
