import Foundation
import Testing

/// README, the articles and the files for contributors name files and commands that must be there.
@Suite("The documentation")
struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    private static let catalog = "Sources/ForgeCLI/Documentation.docc"
    private static let articles = names(in: catalog).filter { $0.hasSuffix(".md") }.map { String($0.dropLast(3)) }
    private static let contributing = names(in: ".github").filter { $0.hasSuffix(".md") }.map { ".github/\($0)" }
    private static let pages = ["README.md"] + contributing + articles.map { "\(catalog)/\($0).md" }

    @Test("has a README that is read in two minutes: at most 200 lines")
    func length() throws {
        #expect(try Self.text("README.md").split(separator: "\n", omittingEmptySubsequences: false).count <= 201)
    }

    @Test("links to files that are there", arguments: pages)
    func links(page: String) throws {
        let directory = Self.root.appending(path: page).deletingLastPathComponent()
        for link in try Self.text(page).matches(of: /\]\(([^)\s]+)\)/).map({ String($0.1) }) where !link.contains("://")
        {
            let path = link.split(separator: "#").first.map(String.init) ?? page
            #expect(
                FileManager.default.fileExists(atPath: directory.appending(path: path).path), "\(page) links to \(link)"
            )
        }
    }

    @Test("names files that are there", arguments: pages)
    func paths(page: String) throws {
        let places = /`((?:Sources|Tests|templates|inventory|\.ci|\.github|\.githooks)\/[^`\s]+)`/
        for name in try Self.text(page).matches(of: places).map({ String($0.1) }) {
            for path in Self.alternatives(name) where path.firstMatch(of: /[A-Z]{4}/) == nil {
                #expect(
                    FileManager.default.fileExists(atPath: Self.root.appending(path: path).path),
                    "\(page) names \(path)")
            }
        }
    }

    @Test("names commands of make that are there", arguments: pages)
    func make(page: String) throws {
        let targets = try Self.text("Makefile").matches(of: /(?m)^([a-z-]+):/).map { String($0.1) }
        for target in try Self.text(page).matches(of: /(?:`|^ {4})make ([a-z-]+)/.anchorsMatchLineEndings()).map({
            String($0.1)
        }) {
            #expect(targets.contains(target), "\(page) names make \(target)")
        }
    }

    @Test("has articles that each other article can be reached from, all of them in its table of contents")
    func topics() throws {
        let contents = try Self.text("\(Self.catalog)/ForgeCLI.md").matches(of: /- <doc:(\w+)>/).map { String($0.1) }
        #expect(contents.sorted() == Self.articles.filter { $0 != "ForgeCLI" }.sorted())
        for page in Self.pages {
            for link in try Self.text(page).matches(of: /<doc:(\w+)>/).map({ String($0.1) }) {
                #expect(Self.articles.contains(link), "\(page) links to <doc:\(link)>")
            }
        }
    }

    /// `a/{b,c}` is `a/b` and `a/c`.
    private static func alternatives(_ path: String) -> [String] {
        guard let braces = path.firstMatch(of: /\{([^}]*)\}/) else { return [path] }
        return braces.1.split(separator: ",").map { path.replacing(braces.0, with: $0) }
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static func names(in directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: directory).path)) ?? []).sorted()
    }
}
