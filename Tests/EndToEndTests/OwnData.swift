import Foundation
import Testing

/// A person's own data: five classes of 40 rows with twelve features. Its models are trained in a second or two.
enum OwnData {
    static let rows = 200

    /// Writes both files, and gives the lines of the inventory's `service:` that name them.
    static func write(to directory: URL) throws -> [String] {
        let places = ["train", "test"].map { directory.appending(path: "\($0).csv") }
        for (seed, place) in places.enumerated() {
            try csv(seed: UInt32(seed)).write(to: place, atomically: true, encoding: .utf8)
        }
        return ["data: { train: \(places[0].path()), test: \(places[1].path()) }"]
    }

    /// Each class is strong in two features of its own, so features in another order mean another class.
    private static func csv(seed: UInt32) -> String {
        var state = seed
        func noise() -> Double {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Double(state >> 16) / 65536
        }
        let lines = (0..<rows).map { line in
            let letter = line / 40
            let powers = (0..<12).map { feature in noise() + (feature / 2 == letter ? 0.6 : 0) }
            return "\(line),\(letter)," + powers.map { String(format: "%.3f", $0) }.joined(separator: ",")
        }
        let header = "Line,# Letter," + (0..<12).map { "power \($0)" }.joined(separator: ",")
        return ([header] + lines).joined(separator: "\n") + "\n"
    }
}

extension OwnData {
    /// Data with known answers.
    struct Known: CustomTestStringConvertible {
        let testDescription: String
        /// What is in the answer for row 23. The perceptron's answers may change with the version of its library.
        let prediction: String
        /// The accuracy of LDA on test.csv, as the service prints it.
        let score: String
        /// Makes the data where they are to be made, and gives the inventory's lines.
        let service: @Sendable (URL) throws -> [String]

        /// What `train.py` says of these files.
        static let sample = Known(
            testDescription: "a sample", prediction: #""lda":{"number":0,"letter":"A"}"#, score: "0.915"
        ) { directory in
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            return try OwnData.write(to: directory)
        }

        /// The EEG study's files, which are no part of the repository: where `KUBEFORGE_EEG_DATA` names them.
        static let study = ProcessInfo.processInfo.environment["KUBEFORGE_EEG_DATA"].flatMap { path in
            path.isEmpty
                ? nil
                : Known(
                    testDescription: "the EEG study's data",
                    prediction: #""lda":{"number":0,"letter":"A"},"mlp":{"number":0,"letter":"A"}"#,
                    score: "0.6915384615384615"
                ) { _ in ["data: \(path)"] }
        }

        static var all: [Known] {
            if study == nil {
                print("KUBEFORGE_EEG_DATA names no directory with the EEG study's data: a sample alone is deployed")
            }
            return [sample] + [study].compactMap { $0 }
        }
    }
}
