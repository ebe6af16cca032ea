import ForgeTemplates
import Foundation

/// The objects of `kubectl get … -o json`.
struct ObjectList<Item: Decodable>: Decodable {
    var items: [Item]

    /// nil when it is not such JSON.
    static func items(_ json: String) -> [Item]? {
        OutsideJSON.decode(Self.self, from: json)?.items
    }
}
