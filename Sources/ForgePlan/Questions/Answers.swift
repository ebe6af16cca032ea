import ForgeCore

/// What one host answered. A question that was never asked has no answer, and asking for it is a mistake in the step.
package struct Answers: Sendable, Hashable {
    private var raw: [Question: Answer]

    package init(_ raw: [Question: Answer] = [:]) { self.raw = raw }

    package subscript(question: Question) -> Answer? { raw[question] }

    /// Those of the questions that have no answer here, each once.
    package func missing(of questions: [Question]) -> [Question] { questions.filter { raw[$0] == nil }.uniqued() }

    package mutating func merge(_ newer: Answers) { raw.merge(newer.raw) { _, new in new } }
}

/// The answer to one question; the case matches the question's.
package enum Answer: Sendable, Hashable {
    case file(FileState?)
    case contents([UInt8]?)
    case package(PackageState)
    case unit(UnitState)
    case sysctl(String?)
    case module(isThere: Bool)
    case swaps([String])
    case command(CommandState)
}

/// A path that exists.
package struct FileState: Sendable, Hashable {
    package enum Kind: String, Sendable { case regular, directory, symlink, other }
    package var kind: Kind
    /// Permission bits.
    package var mode: UInt16
    /// `user:group`.
    package var owner: String
    package var size: Int
    /// Of a regular file.
    package var sha256: String?
    /// Seconds since 1970.
    package var modified: Int
    /// The digests that kubeforge wrote there last; empty when it never did.
    package var written: [String]

    package init(
        kind: Kind = .regular, mode: UInt16 = 0o644, owner: String = "root:root", size: Int = 0, sha256: String? = nil,
        modified: Int = 0,
        written: [String] = []
    ) {
        self.kind = kind
        self.mode = mode
        self.owner = owner
        self.size = size
        self.sha256 = sha256
        self.modified = modified
        self.written = written
    }

    /// Whether kubeforge wrote what is there.
    package var isKubeforges: Bool { sha256.map(written.contains) ?? false }
}

package struct PackageState: Sendable, Hashable {
    /// nil when it is not (fully) installed.
    package var installed: String?
    package var isHeld: Bool

    package init(installed: String? = nil, isHeld: Bool = false) {
        self.installed = installed
        self.isHeld = isHeld
    }
}

package struct UnitState: Sendable, Hashable {
    /// `loaded`, `masked`, `not-found`, …
    package var load: String
    /// `active`, `inactive`, `failed`, …
    package var active: String
    /// `enabled`, `disabled`, `static`, `masked`, … ; empty when systemd has none.
    package var enabled: String
    /// When it last became active, seconds since 1970; nil when it never did.
    package var since: Int?
    /// systemd's own name of this run of it; empty when it does not run.
    package var invocation: String

    package init(
        load: String = "loaded", active: String = "inactive", enabled: String = "", since: Int? = nil,
        invocation: String = ""
    ) {
        self.load = load
        self.active = active
        self.enabled = enabled
        self.since = since
        self.invocation = invocation
    }
}

extension UnitState {
    /// Whether systemd starts it at boot, or something that needs it does.
    package var startsAtBoot: Bool { ["enabled", "static", "alias", "indirect"].contains(enabled) }
}

package struct CommandState: Sendable, Hashable {
    package var exitCode: Int
    package var text: String

    package init(exitCode: Int = 0, text: String = "") {
        self.exitCode = exitCode
        self.text = text
    }
}

extension Answers {
    package func file(_ path: String) -> FileState? {
        if case .file(let state) = raw[.file(path)] { state } else { nil }
    }

    package func contents(_ path: String) -> [UInt8]? {
        if case .contents(let bytes) = raw[.contents(path)] { bytes } else { nil }
    }

    /// The contents as text that may be changed and written back: each byte is the character of its number, so that
    /// none is lost. nil where the answer is not the whole file: beyond 1 MiB, or with NULs, which no shell holds. Asks
    /// for `.contents` and `.file`.
    package func editable(_ path: String) -> String? {
        guard let bytes = contents(path), file(path)?.sha256 == SHA256.hex(bytes) else { return nil }
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    package func text(_ path: String) -> String? { contents(path).map { String(decoding: $0, as: UTF8.self) } }

    package func package(_ name: String) -> PackageState {
        if case .package(let state) = raw[.package(name)] { state } else { PackageState() }
    }

    package func unit(_ name: String) -> UnitState {
        if case .unit(let state) = raw[.unit(name)] { state } else { UnitState(load: "not-found") }
    }

    package func sysctl(_ key: String) -> String? {
        if case .sysctl(let value) = raw[.sysctl(key)] { value } else { nil }
    }

    package func hasModule(_ name: String) -> Bool { raw[.module(name)] == .module(isThere: true) }

    package var swaps: [String] { if case .swaps(let areas) = raw[.swaps] { areas } else { [] } }

    /// A command that was not asked counts as failed.
    package func command(_ text: String) -> CommandState {
        if case .command(let state) = raw[.command(text)] { state } else { CommandState(exitCode: 127) }
    }
}

extension String {
    /// The lines of a file of Unix, split at line feeds alone: a carriage return is part of its line.
    package var unixLines: [String] {
        unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }
}

extension [UInt8] {
    /// The bytes of what `Answers.editable` gave, with ASCII put in.
    package init(edited text: String) { self = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
}
