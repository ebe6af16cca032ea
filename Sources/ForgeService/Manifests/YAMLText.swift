extension String {
    /// The text as one YAML scalar that is read back as exactly this text: in double quotes, so that 1e10, yes and 007 stay words.
    var yamlQuoted: String {
        "\"" + unicodeScalars.map(Self.escaped).joined() + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value): "\\u" + hex(scalar.value, 4)
        case "\u{2028}", "\u{2029}", "\u{feff}": "\\u" + hex(scalar.value, 4)
        default: String(scalar)
        }
    }

    private static func hex(_ number: UInt32, _ width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: width - digits.count) + digits
    }
}
