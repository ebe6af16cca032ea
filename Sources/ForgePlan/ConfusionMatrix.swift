/// How a model's answers meet the truth on the whole test set, as the training pipeline counted.
package struct ConfusionMatrix: Sendable, Hashable {
    /// As answers name it: `lda`.
    package var model: String
    /// The names of the classes, in the order of their numbers.
    package var classes: [String]
    /// `counts[truth][answer]`: rows of the test set.
    package var counts: [[Int]]

    package init(model: String, classes: [String], counts: [[Int]]) {
        self.model = model
        self.classes = classes
        self.counts = counts
    }

    /// Rows of the test set.
    package var rows: Int { counts.joined().reduce(0, +) }

    /// The share of rows that the model meets the truth on, from 0 to 1.
    package var accuracy: Double {
        rows == 0 ? 0 : Double(counts.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(rows)
    }
}
