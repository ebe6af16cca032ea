import ForgeCore

/// A time as a person reads it.
package enum Seconds {
    /// `0.3 s`, `12.4 s`, `3 min 12 s`, `15 min`, `1 h 5 min`.
    package static func shown(_ seconds: Double) -> String {
        let tenths = Int(seconds * 10, in: .shown)
        if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
        let whole = Int(seconds, in: .shown)
        let (hours, minutes, rest) = (whole / 3600, whole % 3600 / 60, whole % 60)
        if hours > 0 { return "\(hours) h \(minutes) min" }
        return rest == 0 ? "\(minutes) min" : "\(minutes) min \(rest) s"
    }

    /// `12 s` while it still grows.
    package static func ticking(_ seconds: Double) -> String {
        seconds < 60 ? "\(Int(seconds.rounded(.down), in: .shown)) s" : shown(seconds.rounded(.down))
    }

    /// With as many decimals as say something: `3.2`, `0.041`.
    package static func rounded(_ number: Double, digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let (units, unit) = (Int(number * scale, in: .shown), Int(scale, in: .counts))
        let fraction = String(units % unit)
        return digits == 0
            ? "\(units)" : "\(units / unit).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}

extension ClosedRange<Int> {
    /// What has a place on a screen; a number that is none is shown as 0.
    fileprivate static var shown: Self { 0...(1 << 53) }
}
