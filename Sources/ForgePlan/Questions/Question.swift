import ForgeCore

/// A read-only query of a host, as a value: it can be batched with others, compared, and answered in a test without any
/// host.
package enum Question: Sendable, Hashable {
    /// Type, mode, owner, size, sha256 and modification time of a path.
    case file(String)
    /// The bytes of a file, at most 1 MiB.
    case contents(String)
    /// Installed version and hold of an apt package.
    case package(String)
    /// Active, enabled and since when, of a systemd unit.
    case unit(String)
    case sysctl(String)
    /// Whether a kernel module is there, loaded or built in.
    case module(String)
    /// The swap areas in use.
    case swaps
    /// What a read-only command prints. It runs as root; `command` must not change anything.
    case command(String)
}

/// What one host answered. A question that was never asked has no answer, and asking for it is a mistake in the step.
package struct Answers: Sendable, Hashable {
    private var raw: [Question: Answer]

    package init(_ raw: [Question: Answer] = [:]) { self.raw = raw }

    /// The answer as it was parsed; nil when the question was not asked this time.
    package subscript(question: Question) -> Answer? { raw[question] }

    /// Those of the questions that have no answer here, each once.
    package func missing(of questions: [Question]) -> [Question] { questions.filter { raw[$0] == nil }.uniqued() }

    /// Adds what was found later; where both know an answer, the newer one counts.
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
    /// What `lstat` says of it: a symbolic link is a `symlink`, whatever it leads to.
    package enum Kind: String, Sendable { case regular, directory, symlink, other }
    /// `other` stands for devices, pipes and sockets.
    package var kind: Kind
    /// Permission bits.
    package var mode: UInt16
    /// `user:group`.
    package var owner: String
    /// Bytes, at most 2^53.
    package var size: Int
    /// The digest of a regular file.
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

/// What dpkg knows of one package; a name that it does not know has the state of one that is not installed.
package struct PackageState: Sendable, Hashable {
    /// nil when it is not (fully) installed.
    package var installed: String?
    /// Whether `apt-mark hold` keeps apt from changing its version.
    package var isHeld: Bool

    package init(installed: String? = nil, isHeld: Bool = false) {
        self.installed = installed
        self.isHeld = isHeld
    }
}

/// What systemd says of one unit, in systemd's own words.
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

/// How a read-only command ended.
package struct CommandState: Sendable, Hashable {
    /// 124 when it took longer than 100 seconds, 127 when the program is not there or nobody asked for it.
    package var exitCode: Int
    /// Its standard output without the newlines at its end; standard error is thrown away.
    package var text: String

    package init(exitCode: Int = 0, text: String = "") {
        self.exitCode = exitCode
        self.text = text
    }
}

extension Answers {
    /// nil when nothing is there, and when `.file` was not asked.
    package func file(_ path: String) -> FileState? {
        if case .file(let state) = raw[.file(path)] { state } else { nil }
    }

    /// The permission bits of a regular file, which a new version of it can be given; nil where there is none, and for
    /// a link, whose own bits (0777) say nothing about what it leads to. Asks for `.file`.
    package func mode(_ path: String) -> UInt16? {
        file(path).flatMap { $0.kind == .regular ? $0.mode : nil }
    }

    /// The first 1 MiB of a regular file, links followed; nil when there is none, and when `.contents` was not asked.
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

    /// `contents` as UTF-8, for looking and not for writing back: bytes that are none become U+FFFD.
    package func text(_ path: String) -> String? { contents(path).map { String(decoding: $0, as: UTF8.self) } }

    /// A package that was not asked for counts as not installed.
    package func package(_ name: String) -> PackageState {
        if case .package(let state) = raw[.package(name)] { state } else { PackageState() }
    }

    /// A unit that was not asked for counts as `not-found`.
    package func unit(_ name: String) -> UnitState {
        if case .unit(let state) = raw[.unit(name)] { state } else { UnitState(load: "not-found") }
    }

    /// The value as /proc/sys prints it: `1`; nil when the kernel has no such key, as before its module is loaded.
    package func sysctl(_ key: String) -> String? {
        if case .sysctl(let value) = raw[.sysctl(key)] { value } else { nil }
    }

    /// Whether the module is loaded or built in; false when `.module` was not asked.
    package func hasModule(_ name: String) -> Bool { raw[.module(name)] == .module(isThere: true) }

    /// The devices and files that the kernel swaps to now: `/dev/sda2`, `/swap.img`.
    package var swaps: [String] { if case .swaps(let areas) = raw[.swaps] { areas } else { [] } }

    /// A command that was not asked counts as failed.
    package func command(_ text: String) -> CommandState {
        if case .command(let state) = raw[.command(text)] { state } else { CommandState(exitCode: 127) }
    }
}

extension String {
    /// The lines of a file of Unix, split at line feeds alone, to be written back: a carriage return is part of its
    /// line.
    package var unixLines: [String] {
        unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    /// The lines of somebody else's file as its program reads them, not to be written back: whether they end as on Unix
    /// or as on Windows. To Swift "\r\n" is one character, at which `split(separator: "\n")` does not split.
    package var linesToRead: [String] {
        unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
            String($0.last == "\r" ? $0.dropLast() : $0)
        }
    }
}

extension [UInt8] {
    /// The bytes of what `Answers.editable` gave, with ASCII put in.
    package init(edited text: String) { self = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
}
