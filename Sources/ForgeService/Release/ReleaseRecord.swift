import ForgeTemplates
import Foundation

/// One entry of what ran when.
package struct ReleaseRecord: Codable, Sendable, Hashable {
    /// Complete, as the Deployment names it.
    package var image: String
    /// `Manifests.template`: two releases of one image can differ in how their pods are described.
    package var template: String
    /// When it was complete, by the control plane's clock: `2026-11-21T15:20:00Z`.
    package var at: String
    /// Who brought it: `user@computer`.
    package var by: String
    /// The version of its models in the model store; nil for models in the image.
    package var models: String?
    /// See `Release.rebuilt`.
    package var rebuilt: String?
    /// sha256 of the training data; nil where nobody knows.
    package var data: String?
    /// What each model reaches on the test set, from 0 to 1.
    package var scores: [String: Double]?

    var tag: String { Release.tag(of: image) }

    /// nil when its image is none of that service's.
    func release(of name: String) -> Release? { Release(reference: image, name: name, rebuilt: rebuilt) }

    /// One line, members in the order of their names.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: (try? encoder.encode(self)) ?? Data(), as: UTF8.self)
    }

    init?(json: String) {
        guard let record = OutsideJSON.decode(ReleaseRecord.self, from: json) else { return nil }
        self = record
    }

    package init(
        image: String, template: String, at: String, by: String, models: String? = nil, rebuilt: String? = nil,
        data: String? = nil,
        scores: [String: Double]? = nil
    ) {
        self.image = image
        self.template = template
        self.at = at
        self.by = by
        self.models = models
        self.rebuilt = rebuilt
        self.data = data
        self.scores = scores
    }
}
