import ForgeCore
import Foundation

/// The inventory as a file: bytes that are text.
struct InventoryFile {
    /// Three hundred times what the largest cluster needs; a file beyond it is something else.
    static let largest = 1 << 20

    let path: String

    func text() throws(Problems) -> String {
        var bytes = try bytes()
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw invalid(bytes) }
        if let location = Self.firstControl(in: text) {
            throw problem(
                "has a control character in it", at: location,
                fix: "is it a text file? `file \(path.shellQuoted)` tells")
        }
        return text
    }

    private func bytes() throws(Problems) -> [UInt8] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw problem("there is no such file", fix: "write one: \(InventoryExample.advice)")
        }
        if isDirectory.boolValue { throw problem("is a directory", fix: "name the inventory in it") }
        let data: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? file.close() }
            data = try file.read(upToCount: Self.largest + 1) ?? Data()
        } catch {
            throw problem("cannot be read", why: Self.reason(error), fix: "ls -l \(path.shellQuoted)")
        }
        if data.count > Self.largest { throw problem("is larger than 1 MiB", at: .start, fix: "is it an inventory?") }
        return Array(data)
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

    private static func reason(_ error: any Error) -> String {
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
        return cause.domain == NSPOSIXErrorDomain
            ? String(cString: strerror(Int32(cause.code))) : cause.localizedDescription
    }

    private func problem(_ sentence: String, at location: SourceLocation? = nil, why: String? = nil, fix: String? = nil)
        -> Problems
    {
        let position = location.map { ":\($0)  " } ?? ": "
        return Problems([Problem(.invalidInventory, what: "\(path)\(position)\(sentence)", why: why, fix: fix)])
    }
}
