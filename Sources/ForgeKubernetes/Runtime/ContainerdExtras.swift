import ForgeCore
import ForgePlan

/// What others put into containerd's config.toml and their containers need: runtimes, such as NVIDIA's, which one is
/// the default, logins at registries, and where containerd keeps its files. It stays in the file that kubeforge writes.
struct ContainerdExtras {
    /// Whole lines of the root table: `root`, `state`.
    private var places: [String] = []
    /// Tables below a plugin of CRI, with their lines.
    private var tables: [Table] = []
    private var defaultRuntime: String?

    private struct Table {
        /// Below the plugin: `containerd.runtimes.nvidia`.
        var path: [String]
        var lines: [String]
    }

    init(of text: String) {
        guard let all = TOMLTables(text)?.all else { return }
        for table in all {
            if table.path.isEmpty {
                places = table.lines.filter { ["root", "state"].contains(Self.key($0)) }
            } else if table.path.first == "plugins", let plugin = table.path.dropFirst().first,
                Self.plugins.contains(plugin)
            {
                take(Table(path: Array(table.path.dropFirst(2)), lines: table.lines))
            }
        }
        if !runtimes.contains(where: { $0 == defaultRuntime }) { defaultRuntime = nil }
    }

    /// The extras as a reader of the plan knows them.
    var names: [String] {
        runtimes.map { "the runtime \($0)" } + logins.map { "the login at \($0)" } + places.map { "`\($0)`" }
    }

    /// The text, in the names of containerd's configuration of this version, with all of it.
    func added(to text: String, version: Int) -> String {
        var lines = text.linesToRead
        if let place = lines.firstIndex(where: { $0.hasPrefix("version = ") }) {
            lines.insert(contentsOf: places, at: place + 1)
        }
        if let defaultRuntime {
            lines = lines.map {
                $0.replacing("default_runtime_name = \"runc\"", with: "default_runtime_name = \"\(defaultRuntime)\"")
            }
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        for table in tables {
            let path = (["plugins", Self.plugin(of: table.path, version: version)] + table.path).map(TOMLTables.quoted)
            lines += ["", "[\(path.joined(separator: "."))]"] + table.lines
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private mutating func take(_ table: Table) {
        let path = table.path
        if path == ["containerd"] {
            let name = table.lines.last { Self.key($0) == "default_runtime_name" }?.split(separator: "=", maxSplits: 1)
                .last
            defaultRuntime = name?.trimming { " \t\r\"'".contains($0) }
        }
        let isRuntime = path.count > 2 && path.starts(with: ["containerd", "runtimes"]) && path[2] != "runc"
        let isLogin = path.count == 4 && path.starts(with: ["registry", "configs"]) && path[3] == "auth"
        if isRuntime || isLogin { tables.append(table) }
    }

    private var runtimes: [String] { tables.filter { $0.path[0] == "containerd" }.map { $0.path[2] }.uniqued() }

    private var logins: [String] { tables.filter { $0.path[0] == "registry" }.map { $0.path[2] }.uniqued() }

    private static func key(_ line: String) -> String { line.prefix { $0 != "=" }.trimming(while: \.isWhitespace) }

    /// The plugins of containerd 1.x, and the two that each became in 2.
    private static let plugins = [
        "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images",
    ]

    private static func plugin(of path: [String], version: Int) -> String {
        version < 3 ? plugins[0] : path[0] == "registry" ? plugins[2] : plugins[1]
    }
}

/// A TOML text as its tables (toml.io, 1.0), as far as it takes to move one as it stands.
struct TOMLTables {
    private(set) var all: [Table] = [Table(path: [], lines: [])]

    struct Table: Equatable {
        var path: [String]
        /// Without comments and empty lines around.
        var lines: [String]
    }

    /// nil where the text has what is not read here, strings of several lines. A table in an array has its header for a
    /// path.
    init?(_ text: String) {
        var depth = 0
        for line in text.linesToRead {
            let bare = line.trimming(while: \.isWhitespace)
            if bare.contains("\"\"\"") || bare.contains("'''") { return nil }
            if depth == 0, bare.hasPrefix("[[") {
                all.append(Table(path: [bare], lines: []))
            } else if depth == 0, bare.hasPrefix("[") {
                guard let path = Self.path(bare) else { return nil }
                all.append(Table(path: path, lines: []))
            } else {
                depth += Self.openBrackets(bare)
                if !bare.isEmpty, !bare.hasPrefix("#") { all[all.count - 1].lines.append(line) }
            }
        }
    }

    static func quoted(_ name: String) -> String {
        let isBare =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
        return isBare ? name : name.contains("\"") ? "'\(name)'" : "\"\(name)\""
    }

    /// `[a."b.c".'d'] # comment`
    private static func path(_ header: String) -> [String]? {
        var rest = header.dropFirst()
        var path: [String] = []
        while true {
            rest = rest.drop(while: \.isWhitespace)
            if let quote = rest.first, quote == "\"" || quote == "'" {
                let name = rest.dropFirst().prefix { $0 != quote }
                if quote == "\"", name.contains("\\") { return nil }
                path.append(String(name))
                rest = rest.dropFirst(name.count + 2)
            } else {
                let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
                if name.isEmpty { return nil }
                path.append(String(name))
                rest = rest.dropFirst(name.count)
            }
            rest = rest.drop(while: \.isWhitespace)
            switch rest.popFirst() {
            case ".": continue
            case "]": return rest.first == "]" ? nil : path
            default: return nil
            }
        }
    }

    /// How many brackets of arrays a line opens more than it closes.
    private static func openBrackets(_ line: String) -> Int {
        var (depth, quote): (Int, Character?) = (0, nil)
        var isEscaped = false
        for character in line {
            if let open = quote {
                if character == open, !isEscaped { quote = nil }
                isEscaped = character == "\\" && open == "\"" && !isEscaped
            } else if character == "#" {
                break
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "[" {
                depth += 1
            } else if character == "]" {
                depth -= 1
            }
        }
        return depth
    }
}
