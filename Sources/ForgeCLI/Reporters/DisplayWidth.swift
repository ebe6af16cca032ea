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

    /// At most that many columns, ending in `…` when something was cut.
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

    /// As it may stand in a line of the screen: what follows the last carriage return, without escape sequences and
    /// control characters.
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
