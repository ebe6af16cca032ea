import ForgeCore
import Foundation

/// What is known of the processes of this computer: whether the run that holds a lock is still at work.
enum LocalProcesses {
    /// The same for all processes that could see each other, and for no others: this start of this computer, in this
    /// container.
    static let name: String = {
        guard let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8),
            let space = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
        else { return "0" }
        return String(SHA256.hex(Array((boot + space).utf8)).prefix(16))
    }()

    /// False where that cannot be known. This very process holds nothing that it does not know of.
    static func isEnded(_ holder: Holder) -> Bool {
        guard holder.computer == name, name != "0" else { return false }
        if holder.processID == ProcessInfo.processInfo.processIdentifier { return true }
        return kill(holder.processID, 0) != 0 && errno == ESRCH
    }
}
