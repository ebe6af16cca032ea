import ForgeCore
import Foundation

/// The lines at the bottom of a terminal that are drawn again and again: one per host with a step under way.
struct ProgressLines {
    private struct Busy {
        var title: String
        var since: Date
        var last = ""
    }

    private var hosts: [(name: String, busy: Busy)] = []
    /// Names in the order that lines shall have.
    private var order: [String] = []
    private var drawn = 0

    var isEmpty: Bool { hosts.isEmpty }

    mutating func begin(_ host: String, _ title: String, at time: Date) {
        end(host)
        // A line that changed its place with every step would be looked for.
        let later = hosts.firstIndex { place(of: $0.name) > place(of: host) }
        hosts.insert((host, Busy(title: title, since: time)), at: later ?? hosts.endIndex)
    }

    mutating func expect(_ names: [String]) { order = names }

    mutating func say(_ host: String, _ line: String) {
        guard let index = hosts.firstIndex(where: { $0.name == host }), case let text = line.printable, !text.isEmpty
        else { return }
        hosts[index].busy.last = text
    }

    mutating func end(_ host: String) { hosts.removeAll { $0.name == host } }

    mutating func endAll() { hosts = [] }

    /// What takes the drawn lines off the terminal.
    mutating func erase() -> String {
        defer { drawn = 0 }
        return drawn == 0 ? "" : "\r\u{1B}[\(drawn)A\u{1B}[J"
    }

    /// What draws them, below what stands there.
    mutating func draw(in size: TextStream.Size, hostColumns: Int, at time: Date, _ style: TextStyle) -> String {
        // A line that scrolled out of the terminal could not be erased any more.
        let most = max(1, min(12, size.rows - 3))
        var lines = hosts.prefix(most).map { line($0.name, $0.busy, size, hostColumns, time, style) }
        if hosts.count > most { lines.append("    … and \(hosts.count - most) more") }
        drawn = lines.count
        return lines.map { $0 + "\n" }.joined()
    }

    private func place(of host: String) -> Int { order.firstIndex(of: host) ?? order.count }

    private func line(
        _ name: String, _ busy: Busy, _ size: TextStream.Size, _ hostColumns: Int, _ time: Date, _ style: TextStyle
    ) -> String {
        let tail = "   " + Seconds.ticking(max(0, time.timeIntervalSince(busy.since)))
        let room = size.columns - 1 - 4 - tail.columns
        let head = "\(name.padded(to: hostColumns))  \(busy.title.printable)".cut(to: room)
        let last =
            room - head.columns > 12 && !busy.last.isEmpty ? ("   " + busy.last).cut(to: room - head.columns) : ""
        return "  \(style(Self.wheel(time), .yellow)) \(head)\(style(last + tail, .dim))"
    }

    private static func wheel(_ time: Date) -> String {
        let frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
        return frames[Int(time.timeIntervalSince1970 * 10, in: .sizes) % frames.count]
    }
}
