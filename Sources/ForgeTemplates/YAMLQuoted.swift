extension String {
    /// The string as a YAML double-quoted scalar, so that it is this text and nothing else.
    package var yamlQuoted: String {
        "\"" + unicodeScalars.map(Self.escaped).joined() + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\t": return "\\t"
        case _ where scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value):
            let digits = String(scalar.value, radix: 16)
            return "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
        default: return String(scalar)
        }
    }
}
