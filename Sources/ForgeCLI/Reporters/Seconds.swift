/// A time as a person reads it.
package enum Seconds {
    /// `0.3 s`, `12.4 s`, `3 min 12 s`, `1 h 5 min`.
    package static func shown(_ seconds: Double) -> String {
        let tenths = Int((seconds * 10).rounded())
        if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
        let whole = Int(seconds.rounded())
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    /// `12 s` while it still grows.
    package static func ticking(_ seconds: Double) -> String {
        seconds < 60 ? "\(Int(seconds)) s" : shown(seconds.rounded(.down))
    }

    /// With as many decimals as say something: `3.2`, `0.041`.
    package static func rounded(_ number: Double, digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let units = Int((number * scale).rounded())
        let fraction = String(units % Int(scale))
        return digits == 0 ? "\(units)" : "\(units / Int(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}
