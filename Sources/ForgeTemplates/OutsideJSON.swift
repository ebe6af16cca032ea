import Foundation

/// JSON from outside, read by Foundation only where it cannot trap on it.
package enum OutsideJSON {
    /// What Kubernetes, Docker and the service answer is some 20 deep. Foundation refuses more than 512 brackets within
    /// each other, and traps where the text ends after the 513th.
    private static let deepest = 128

    /// nil where it is no JSON, is nested too deep, or is something else than the type.
    package static func decode<Value: Decodable>(_ type: Value.Type, from text: String) -> Value? {
        decode(type, from: Array(text.utf8))
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) -> Value? {
        isShallow(bytes) ? try? JSONDecoder().decode(type, from: Data(bytes)) : nil
    }

    /// An object, an array or a single value, as JSONSerialization gives it; nil where it is no JSON, or nested too
    /// deep.
    package static func value(of text: String) -> Any? {
        let bytes = Array(text.utf8)
        return isShallow(bytes)
            ? try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) : nil
    }

    /// Whether no more than 128 brackets are within each other, those in strings left out. Whatever reads JSON by
    /// itself and calls itself for each level asks this first.
    package static func isShallow(_ bytes: some Sequence<UInt8>) -> Bool {
        var (depth, isInString, isEscaped) = (0, false, false)
        for byte in bytes {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
            if depth > deepest { return false }
        }
        return true
    }
}
