import ForgeCore
import Foundation

/// The inventory as a file: bytes that are text.
struct InventoryFile {
    /// Three hundred times what the largest cluster needs; a file beyond it is something else.
    static let largest = 1 << 20

    let path: String
    /// How long a pipe is waited for.
    var patience = Duration.seconds(600)

    func text() throws(Problems) -> String {
        let bytes = try bytes().withoutByteOrderMark
        guard let text = String(validating: bytes, as: UTF8.self) else { throw invalid(bytes) }
        if let location = Self.firstControl(in: text) {
            throw problem(
                "has a control character in it", at: location,
                fix: "is it a text file? `file \(path.shellQuoted)` tells")
        }
        return text
    }

    private func bytes() throws(Problems) -> [UInt8] {
        // A pipe that nobody writes into would hold up the opening itself.
        let fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard fd >= 0 else {
            throw errno == ENOENT
                ? problem("there is no such file", fix: "write one: \(InventoryExample.advice)") : unreadable(errno)
        }
        defer { close(fd) }
        var status = stat()
        guard fstat(fd, &status) == 0 else { throw unreadable(errno) }
        if status.st_mode & S_IFMT == S_IFDIR { throw problem("is a directory", fix: "name the inventory in it") }
        let content = try content(of: fd, waiting: status.st_mode & S_IFMT != S_IFREG)
        if content.count > Self.largest {
            throw problem("is larger than 1 MiB", at: .start, fix: "is it an inventory?")
        }
        return content
    }

    /// One byte more than an inventory may have shows that it is none.
    private func content(of fd: CInt, waiting: Bool) throws(Problems) -> [UInt8] {
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        if waiting { try wait(fd) }
        while content.count <= Self.largest {
            switch read(fd, &piece, piece.count) {
            case 0: return content
            case let count where count > 0: content += piece[..<count]
            default:
                if errno == EINTR { continue }
                guard errno == EAGAIN else { throw unreadable(errno) }
                try wait(fd)
            }
        }
        return content
    }

    /// Until a pipe or a terminal has something, which may be the output of a program that asks for a passphrase.
    private func wait(_ fd: CInt) throws(Problems) {
        let end = ContinuousClock.now + patience
        while ContinuousClock.now < end && !Task.isCancelled {
            var place = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
            if poll(&place, 1, 100) > 0 { return }
        }
        if Task.isCancelled { throw problem("was not read", why: "the run was interrupted") }
        throw problem(
            "cannot be read", why: "nothing was written into it for \(patience.components.seconds) s",
            fix: "is it a pipe? name a file, or the output of a program: <(command)")
    }

    private func unreadable(_ code: CInt) -> Problems {
        problem("cannot be read", why: String(cString: strerror(code)), fix: "ls -l \(path.shellQuoted)")
    }

    /// Tabs and line ends are text; every other control character means that this is no text file.
    private static func firstControl(in text: String) -> SourceLocation? {
        let scalars = text.unicodeScalars
        let index = scalars.firstIndex {
            $0.properties.generalCategory == .control && !"\t\n\r\u{85}".unicodeScalars.contains($0)
        }
        return index.map { SourceLocation(after: text[..<$0]) }
    }

    private func invalid(_ bytes: [UInt8]) -> Problems {
        let sound = Self.soundPrefix(of: bytes)
        let location = SourceLocation(after: String(decoding: bytes[..<sound], as: UTF8.self))
        let why =
            "byte \(sound) is 0x\(String(bytes[sound], radix: 16, uppercase: true)), which no UTF-8 text has there"
        let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        return problem(
            "is not UTF-8", at: location, why: why,
            fix: isUTF16 ? "it looks like UTF-16: save it as UTF-8" : "save it as UTF-8")
    }

    /// How many bytes are UTF-8 before the first that is not.
    private static func soundPrefix(of bytes: [UInt8]) -> Int {
        var decoder = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var count = 0
        while case .valid(let scalar) = decoder.parseScalar(from: &iterator) { count += scalar.count }
        return count
    }

    private func problem(_ sentence: String, at location: SourceLocation? = nil, why: String? = nil, fix: String? = nil)
        -> Problems
    {
        let position = location.map { ":\($0)  " } ?? ": "
        return Problems([Problem(.invalidInventory, what: "\(path)\(position)\(sentence)", why: why, fix: fix)])
    }
}
