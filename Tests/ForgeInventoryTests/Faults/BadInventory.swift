import Foundation
import Testing

/// An inventory with faults, and the exact words for them.
struct BadInventory: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let text: String
    let told: String

    init(_ fault: String, _ text: String, told: String) {
        self.testDescription = fault
        self.text = text
        self.told = told
    }

    /// `twoHosts`, with one piece of it replaced.
    init(_ fault: String, _ piece: String, is other: String, told: String) {
        precondition(twoHosts.contains(piece), "twoHosts has no \(piece)")
        self.init(fault, twoHosts.replacing(piece, with: other), told: told)
    }

    /// `twoHosts`, with lines behind it: they begin in line 10.
    init(_ fault: String, adding lines: String, told: String) {
        self.init(fault, twoHosts + lines, told: told)
    }
}
