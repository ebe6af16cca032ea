import ForgeCore

/// Files as a ustar archive whose bytes depend on their names and contents only: sorted, of root, from 1970.
package struct TarArchive: Sendable {
    /// The archive, with the two empty blocks that end it.
    package let bytes: [UInt8]

    /// `files` by their relative path, of at most 255 bytes.
    package init(_ files: [String: [UInt8]]) throws(Problem) {
        var bytes: [UInt8] = []
        // In one piece: an archive of training data may be as large as the memory lets it be.
        bytes.reserveCapacity(files.values.reduce(3 * Self.block) { $0 + $1.count + 2 * Self.block })
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            bytes += try Self.header(path, size: content.count)
            bytes += content
            bytes += Self.zeros((Self.block - content.count % Self.block) % Self.block)
        }
        bytes += Self.zeros(2 * Self.block)
        self.bytes = bytes
    }

    private static let block = 512

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    /// Directories need no entries of their own: tar makes them.
    static func header(_ path: String, size: Int) throws(Problem) -> [UInt8] {
        // Eleven octal digits.
        guard size < 1 << 33 else {
            throw Problem(
                what: "\(path) cannot be part of a build context",
                why: "it has \(size >> 30) GiB; an archive takes less than 8",
                fix:
                    """
                    train on fewer rows: what a release is trained on goes to the machine that builds, and into its \
                    memory
                    """
            )
        }
        guard let (directory, name) = split(path), !path.hasPrefix("/"), !path.split(separator: "/").contains("..")
        else {
            throw Problem(
                what: "\(path) cannot be part of a build context",
                why: "paths are relative and have at most 255 bytes, each name 100", fix: "rename it")
        }
        var header = field(name, 100) + octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(0, 12)
        header += field("        ", 8) + field("0", 1) + field("", 100) + field("ustar", 6) + field("00", 2).prefix(2)
        header +=
            field("root", 32) + field("root", 32) + octal(0, 8) + octal(0, 8) + field(directory, 155) + field("", 12)
        let sum = header.reduce(0) { $0 + Int($1) }
        // Six digits, a zero byte and a space, as every tar since the first writes its checksum.
        header.replaceSubrange(148..<156, with: octal(sum, 7) + [UInt8(ascii: " ")])
        return header
    }

    /// A header has 155 bytes for what stands before one of the slashes, and 100 for the rest; a short path is whole in
    /// the second.
    private static func split(_ path: String) -> (directory: String, name: String)? {
        if path.utf8.count <= 100 { return ("", path) }
        let slashes = path.utf8.indices.filter { path.utf8[$0] == UInt8(ascii: "/") }
        let fitting = slashes.first { path.utf8[path.utf8.index(after: $0)...].count <= 100 }
        guard let fitting, path.utf8[..<fitting].count <= 155 else { return nil }
        return (String(path[..<fitting]), String(path[path.index(after: fitting)...]))
    }

    private static func field(_ text: String, _ width: Int) -> [UInt8] {
        Array(text.utf8) + zeros(width - text.utf8.count)
    }

    private static func octal(_ number: Int, _ width: Int) -> [UInt8] {
        let digits = String(number, radix: 8)
        return field(String(repeating: "0", count: width - 1 - digits.count) + digits, width)
    }
}
