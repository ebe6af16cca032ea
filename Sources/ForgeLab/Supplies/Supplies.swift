import ForgeCore
import ForgeTemplates

/// What the lab's servers offer: packages and images.
package struct Supplies: Sendable {
    package init(cache: Cache, computer: ThisComputer, templates: Templates) {}

    /// What is missing on this computer to make them.
    package func missing() async -> [Problem] { [] }

    package func make(progress: LabProgress) async throws {}
}
