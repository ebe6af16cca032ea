import ForgeCore
import Foundation

/// The files below `templates/`, as they were when kubeforge was built, with a directory of the user's laid over them.
package struct Templates: Sendable {
    private let texts: [String: String]

    /// `overlay` is the directory of `--templates`: a file in it replaces the embedded one of the same path, a new one
    /// is added.
    package init(overlay: String? = nil) throws(Problem) {
        var texts = embeddedTemplates
        if let overlay { texts.merge(try Self.read(overlay)) { _, new in new } }
        self.texts = texts
    }

    /// The paths of all templates, sorted, below `templates/`: `kubeadm/init.yaml`.
    package var paths: [String] { texts.keys.sorted() }

    /// The template at the path below `templates/`.
    package subscript(path: String) -> Template {
        get throws(Problem) {
            guard let text = texts[path] else {
                throw Problem(
                    what: "there is no template \(path)", fix: "the templates are: \(paths.joined(separator: ", "))")
            }
            return Template(path: path, text: text)
        }
    }

    /// Every file below the directory, by its path relative to it.
    package func directory(_ name: String) -> [String: String] {
        let prefix = name + "/"
        let inside = texts.filter { $0.key.hasPrefix(prefix) }
        return Dictionary(inside.map { (String($0.key.dropFirst(prefix.count)), $0.value) }) { first, _ in first }
    }

    private static func read(_ directory: String) throws(Problem) -> [String: String] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw Problem(
                .usage, what: "--templates \(directory) is not a directory",
                fix: "name a directory laid out like templates/ of kubeforge")
        }
        do {
            var texts: [String: String] = [:]
            for path in try FileManager.default.subpathsOfDirectory(atPath: directory).sorted()
            where !isLeftBehind(path) {
                let full = directory + "/" + path
                guard FileManager.default.fileExists(atPath: full, isDirectory: &isDirectory), !isDirectory.boolValue
                else {
                    continue
                }
                guard let text = String(validating: try bytes(full, path, of: directory), as: UTF8.self) else {
                    throw Problem(
                        .usage, what: "--templates \(directory): \(path) cannot be read", why: "it is not UTF-8 text",
                        fix: "templates are UTF-8 text files: move it elsewhere")
                }
                texts[path] = text
            }
            return texts
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(
                .usage, what: "--templates \(directory) cannot be read", why: "\(error)",
                fix: "templates are UTF-8 text files")
        }
    }

    private static func bytes(_ file: String, _ path: String, of directory: String) throws(Problem) -> [UInt8] {
        do throws(LocalFile.Failure) { return try LocalFile.read(file).bytes } catch {
            throw Problem(
                .usage, what: "--templates \(directory) cannot be read", why: "\(path): \(error.reason)",
                fix: "templates are UTF-8 text files: move it elsewhere")
        }
    }

    /// What file managers, Git, editors and Python leave in any directory.
    private static func isLeftBehind(_ path: String) -> Bool {
        path.split(separator: "/").contains { name in
            [".DS_Store", "Thumbs.db", ".git", "__pycache__"].contains(name) || name.hasSuffix(".pyc")
                || name.hasSuffix(".swp")
        }
    }
}
