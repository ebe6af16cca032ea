/// Turns chunks of bytes into lines. It splits bytes, not text: a chunk may end inside a UTF-8 character.
package struct LineSplitter: Sendable {
    /// A line longer than this is given out in pieces, so that a program that never prints a newline cannot fill the
    /// memory.
    private static let longest = 1 << 20
    private var rest: [UInt8] = []

    package init() {}

    /// Calls `body` for each line that is complete now, without its newline and a carriage return before that.
    package mutating func add(_ bytes: some Sequence<UInt8>, _ body: (String) -> Void) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || rest.count == Self.longest { give(body) }
            if byte != UInt8(ascii: "\n") { rest.append(byte) }
        }
    }

    /// The last line, when the stream ended without a newline.
    package mutating func finish(_ body: (String) -> Void) {
        if !rest.isEmpty { give(body) }
    }

    private mutating func give(_ body: (String) -> Void) {
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
        body(String(decoding: rest, as: UTF8.self))
        rest.removeAll(keepingCapacity: true)
    }
}
