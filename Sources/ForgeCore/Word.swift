/// One argument of a command. Quoting happens here and nowhere else.
package struct Word: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// Exactly what the program gets, without quotes.
    package let text: String

    package init(_ text: String) { self.text = text }

    package init(stringLiteral text: String) { self.text = text }

    /// The word as a POSIX shell reads it back: exactly this text, as one argument.
    package var quoted: String {
        // zsh reads `=ls` as the path of ls.
        let isPlain = !text.isEmpty && text.first != "=" && text.utf8.allSatisfy(Self.isPlain)
        return isPlain
            ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// As messages and logs show it: quoted, so that the line can be pasted into a shell.
    package var shown: String { quoted }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_./:=@%+,".utf8.contains(byte)
        }
    }
}

extension String {
    /// The string as one word of POSIX shell, for scripts that are put together as text.
    package var shellQuoted: String { Word(self).quoted }
}
