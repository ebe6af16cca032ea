import Foundation

/// Data of another shape than the study's: two features and three classes, each class in a direction of its own.
enum SmallData {
    static let train = csv(shift: 0)
    static let test = csv(shift: 0.125)

    static func write(to directory: URL) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try Data(train.utf8).write(to: directory.appending(path: "train.csv"))
        try Data(test.utf8).write(to: directory.appending(path: "test.csv"))
    }

    /// Six features that say nothing about two classes: what a model answers is an accident of its first weights.
    static func noise(rows: Int, seed: UInt32) -> String {
        var state = seed
        func number() -> Double {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Double(state >> 16) / 65536
        }
        let lines = (0..<rows).map { line in
            "\(line),\(line % 2)," + (0..<6).map { _ in "\(number())" }.joined(separator: ",") + "\n"
        }
        return "Line,# Letter,a,b,c,d,e,f\n" + lines.joined()
    }

    private static func csv(shift: Double) -> String {
        let directions = [(10.0, 1.0), (1.0, 10.0), (-10.0, -8.0)]
        let rows = (0..<30).map { line in
            let (x, y) = directions[line / 10]
            let step = Double(line % 10) / 8 + shift
            return "\(line),\(line / 10),\(x + step),\(y - step)\n"
        }
        return "Line,# Letter,x,y\n" + rows.joined()
    }
}
