import ForgeCore

/// Colours, where the stream wants them.
struct TextStyle: Sendable {
    let isOn: Bool

    enum Color: String {
        case green = "32"
        case red = "31"
        case yellow = "33"
        case dim = "2"
        case bold = "1"
        case blue = "34"
        case magenta = "35"
        case cyan = "36"

        /// For things of one kind that shall be told apart; red and green mean something.
        static let ofMany: [Color] = [.cyan, .yellow, .magenta, .blue]
    }

    func callAsFunction(_ text: String, _ ink: Color) -> String {
        isOn && !text.isEmpty ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// One of the two streams, with what a terminal adds to it.
struct TextPrinter: Sendable {
    let stream: TextStream
    /// Whether this is standard error.
    let isProgress: Bool
    let style: TextStyle
    /// Whether lines can be taken off again.
    let isLive: Bool

    init(_ stream: TextStream, isProgress: Bool, hasColour: Bool, isDumb: Bool) {
        self.stream = stream
        self.isProgress = isProgress
        style = TextStyle(isOn: hasColour && stream.isTerminal && !isDumb)
        isLive = stream.isTerminal && !isDumb
    }

    /// nil where nothing is to be cut.
    var columns: Int? { stream.isTerminal ? stream.size()?.columns : nil }
}

/// How much room text takes on a terminal.
extension Character {
    /// 0 for what joins the character before it, 2 for East Asian wide characters and emoji, else 1.
    package var columns: Int {
        guard let scalar = unicodeScalars.first else { return 0 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .control, .format: return 0
        default: break
        }
        let isEmoji = scalar.properties.isEmojiPresentation || unicodeScalars.contains("\u{FE0F}")
        return isEmoji || Self.wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F,
        0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]
}

extension String {
    /// The sum of its characters' columns, as long as it stands on one line and has no escape sequences.
    package var columns: Int { reduce(0) { $0 + $1.columns } }

    /// The text in at most that many columns, ending in `…` when something was cut.
    package func cut(to width: Int) -> String {
        if columns <= width { return self }
        var room = width - 1
        let kept = prefix { character in
            room -= character.columns
            return room >= 0
        }
        return width < 1 ? "" : kept + "…"
    }

    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - columns)) }

    /// The text as it may stand in a line of the screen: what follows the last carriage return, without escape
    /// sequences and control characters.
    package var printable: String {
        let last = split(separator: "\r").last.map(String.init) ?? ""
        let plain = last.replacing(
            /\u{1B}(?:\[[0-?]*[ -\/]*[@-~]|\][^\u{07}\u{1B}]*(?:\u{07}|\u{1B}\\)|[@-Z\\^_])/, with: "")
        return String(
            plain.map { $0 == "\t" ? " " : $0 }.filter {
                $0.unicodeScalars.first?.properties.generalCategory != .control
            })
    }
}

/// A time as a person reads it.
package enum Seconds {
    /// `0.3 s`, `12.4 s`, `3 min 12 s`, `15 min`, `1 h 5 min`.
    package static func shown(_ seconds: Double) -> String {
        let tenths = Int(seconds * 10, in: .shown)
        if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
        let whole = Int(seconds, in: .shown)
        let (hours, minutes, rest) = (whole / 3600, whole % 3600 / 60, whole % 60)
        if hours > 0 { return "\(hours) h \(minutes) min" }
        return rest == 0 ? "\(minutes) min" : "\(minutes) min \(rest) s"
    }

    /// `12 s` while it still grows.
    package static func ticking(_ seconds: Double) -> String {
        seconds < 60 ? "\(Int(seconds.rounded(.down), in: .shown)) s" : shown(seconds.rounded(.down))
    }

    /// The number with as many decimals as say something: `3.2`, `0.041`.
    package static func rounded(_ number: Double, digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let (units, unit) = (Int(number * scale, in: .shown), Int(scale, in: .counts))
        let fraction = String(units % unit)
        return digits == 0
            ? "\(units)" : "\(units / unit).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}

extension ClosedRange<Int> {
    /// What has a place on a screen; a number that is none is shown as 0.
    fileprivate static var shown: Self { 0...(1 << 53) }
}
