import ForgeCore
import ForgeInventory
import Foundation

/// The files of a model directory as they go into the build context, or into the model store: regular files, but for
/// what editors, Git and Python leave in any directory.
struct ModelFiles {
    /// What an image is made of is held in this computer's memory, sent over SSH, and unpacked beside the control
    /// plane.
    static let largest = 4 << 30
    /// The most files: a directory with more is probably somebody's home directory.
    static let most = 20_000

    /// Absolute.
    let directory: String
    /// The inventory that names it, as sentences do; nil for one that was typed, which goes into the model store.
    var inventory: String?
    var limit = Self.largest
    var most = Self.most

    /// The files by their path in the directory.
    func read() throws(Problem) -> [String: [UInt8]] {
        var found: [String: String] = [:]
        try find("", below: [try real(directory)], into: &found)
        try check(found)
        var files: [String: [UInt8]] = [:]
        for (name, path) in found {
            do throws(LocalFile.Failure) {
                files[name] = try LocalFile.read(path, atMost: .max).bytes
            } catch {
                throw refused(name, error.reason, "make it readable, or move it out of the directory")
            }
        }
        return files
    }

    /// The paths of all files below `part`, a relative path that ends with a slash. `chain`: the real paths of the
    /// directories that lead here; a link back to one of them would have no end.
    private func find(_ part: String, below chain: [String], into found: inout [String: String]) throws(Problem) {
        for name in try names(of: part) where !Self.isLeftBehind(name) {
            let path = part + name
            let place = try real(directory + "/" + path, path)
            switch try kind(place, path) {
            case S_IFDIR where Self.isEnvironment(place): continue
            case S_IFDIR where chain.contains(place):
                throw refused(path, "it is a link to a directory that contains it", "remove the link")
            case S_IFDIR: try find(path + "/", below: chain + [place], into: &found)
            case S_IFREG: found[path] = place
            default:
                throw refused(path, "it is a pipe, a socket or a device, not a file", "move it out of the directory")
            }
            guard found.count <= most else {
                throw refused(
                    "", "it has more than \(most) files", "name a directory with the model's own files alone")
            }
        }
    }

    private func names(of name: String) throws(Problem) -> [String] {
        let path = directory + "/" + name
        guard access(path, R_OK | X_OK) == 0 else {
            throw refused(name, String(cString: strerror(errno)), "ls -ld \(path.shellQuoted)")
        }
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// Without links. A link that leads out of the directory is refused: what is built is what is in the directory, and
    /// nothing else of this computer gets into an image.
    private func real(_ path: String, _ name: String = "") throws(Problem) -> String {
        guard let resolved = realpath(path, nil) else {
            throw refused(name, String(cString: strerror(errno)), "remove it, or give it what it leads to")
        }
        defer { free(resolved) }
        let place = String(cString: resolved)
        if name.isEmpty { return place }
        let root = try real(directory)
        guard place == root || place.hasPrefix(root + "/") else {
            throw refused(
                name, "it is a link out of the directory, to \(place)",
                "copy its target into the directory: files outside the model directory "
                    + (inventory == nil ? "are not sent" : "are not copied into the image"))
        }
        return place
    }

    private func kind(_ place: String, _ name: String) throws(Problem) -> mode_t {
        var status = stat()
        guard stat(place, &status) == 0 else { throw refused(name, String(cString: strerror(errno)), "ls -l \(place)") }
        return status.st_mode & S_IFMT
    }

    private func check(_ found: [String: String]) throws(Problem) {
        let sizes = found.mapValues { path in
            ((try? FileManager.default.attributesOfItem(atPath: path)[.size]) as? Int) ?? 0
        }
        let total = sizes.values.reduce(0, +)
        guard total > limit else { return }
        let largest = sizes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
        throw refused(
            "",
            """
            it has \(ByteCount(total)), and at most \(ByteCount(limit)) are taken, because all of it passes through \
            this computer's memory; the largest: \
            \(largest.map { "\($0.key) (\(ByteCount($0.value)))" }.joined(separator: ", "))
            """,
            "leave out what the service does not need, such as train.csv where a trained model is there")
    }

    private func refused(_ name: String, _ why: String, _ fix: String) -> Problem {
        let path = name.isEmpty ? directory : directory + "/" + name
        guard let inventory else { return Problem(.usage, what: "\(path) cannot be pushed", why: why, fix: fix) }
        return Problem(
            .invalidInventory, what: "\(path) cannot be part of an image", why: why,
            fix: fix + " (service: model: in \(inventory))")
    }

    private static func isLeftBehind(_ name: String) -> Bool {
        name.hasPrefix(".") || name == "__pycache__" || name.hasSuffix(".pyc")
    }

    /// A virtual environment of Python's, whatever its name.
    private static func isEnvironment(_ place: String) -> Bool {
        FileManager.default.fileExists(atPath: place + "/pyvenv.cfg")
    }
}
