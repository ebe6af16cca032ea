import ForgeCore
import ForgePlan
import Foundation
import Synchronization

/// A file that holds what a run found, for people and programs that were not there.
package final class ReportFile: Reporter {
    /// What the file is written as: JUnit's XML for `.xml`, a page for `.html`.
    package enum Format: String, Sendable {
        case xml, html

        /// By the end of the file's name; nil when that is neither.
        package init?(of path: String) { self.init(rawValue: URL(filePath: path).pathExtension.lowercased()) }
    }

    private let path: String
    private let format: Format
    private let data: Mutex<ReportData>

    /// Refuses a place where nothing can be written before anything is asked, not after minutes of it.
    package init(_ path: String, action: String, _ surroundings: ProcessEnvironment) throws(Problem) {
        self.path = surroundings.absolute(path)
        format = Format(of: path) ?? .html
        data = Mutex(ReportData(action: action, began: surroundings.now()))
        let folder = (self.path as NSString).deletingLastPathComponent
        var isFolder = ObjCBool(false)
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw Problem(
                .usage, what: "the report \(path) cannot be written", why: "there is no folder \(folder)",
                fix: "mkdir -p \(folder.shellQuoted)")
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw Problem(.usage, what: "the report \(path) cannot be written", why: "\(folder) is not writable")
        }
    }

    /// Only collects; the file is not touched before `write`.
    package func report(_ event: Event) { data.withLock { $0.add(event.mapTexts(\.readable)) } }

    /// All of it or nothing: whoever reads the file meanwhile reads the old one.
    package func write() throws(Problem) {
        let found = data.withLock { $0 }
        let text =
            switch format {
            case .xml: JUnitReport(found).text
            case .html: HTMLReport(found).text
            }
        do throws(WholeFile.Failure) { try WholeFile.write(Array(text.utf8), to: path) } catch {
            throw Problem(what: "the report \(path) cannot be written", why: error.reason)
        }
    }
}
