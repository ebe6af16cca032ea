import Foundation

/// When a CronJob runs: `minute hour day month weekday`, or a name such as `@daily`.
struct CronTimes: Sendable {
    private let minutes: [Int]
    private let hours: [Int]
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    /// With both given, either is enough.
    private let isEitherDay: Bool

    private static let names = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *",
        "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]
    private static let monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    /// nil for what is not of that form: the cluster knows more forms than these.
    init?(_ text: String) {
        let fields = (Self.names[text.lowercased()] ?? text).split(whereSeparator: \.isWhitespace)
        guard fields.count == 5, let minutes = Self.numbers(fields[0], 0...59), let hours = Self.numbers(fields[1], 0...23),
            let days = Self.numbers(fields[2], 1...31), let months = Self.numbers(fields[3], 1...12, Self.monthNames),
            let weekdays = Self.numbers(fields[4], 0...6, Self.dayNames)
        else { return nil }
        (self.minutes, self.hours) = (minutes.sorted(), hours.sorted())
        (self.days, self.months, self.weekdays) = (days, months, weekdays)
        isEitherDay = ![fields[2], fields[4]].contains { $0.hasPrefix("*") || $0.hasPrefix("?") }
    }

    /// The first time after this one; nil when there is none within the next years: the 30th of February.
    func next(after now: Date, in zone: TimeZone) -> Date? {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        var day = calendar.startOfDay(for: now)
        // The 29th of February may be eight years away.
        for _ in 0..<(9 * 366) {
            if isDay(day, calendar), let time = time(on: day, after: now, calendar) { return time }
            guard let following = calendar.date(byAdding: .day, value: 1, to: day) else { return nil }
            day = calendar.startOfDay(for: following)
        }
        return nil
    }

    private func isDay(_ day: Date, _ calendar: Calendar) -> Bool {
        let parts = calendar.dateComponents([.day, .month, .weekday], from: day)
        guard let number = parts.day, let month = parts.month, let weekday = parts.weekday, months.contains(month) else { return false }
        let (isDay, isWeekday) = (days.contains(number), weekdays.contains(weekday - 1))
        return isEitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    private func time(on day: Date, after now: Date, _ calendar: Calendar) -> Date? {
        for hour in hours {
            for minute in minutes {
                // An hour that the clock skips in spring has no such time.
                let time = calendar.date(bySettingHour: hour, minute: minute, second: 0, of: day)
                if let time, time > now { return time }
            }
        }
        return nil
    }

    /// `*`, `5`, `1-5`, `*/15`, `10-50/20`, `5/15`, `mon-fri`, and several of them with commas.
    private static func numbers(_ field: Substring, _ range: ClosedRange<Int>, _ names: [String] = []) -> Set<Int>? {
        var all: Set<Int> = []
        for piece in field.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = piece.split(separator: "/", omittingEmptySubsequences: false)
            guard halves.count <= 2, let ends = ends(halves[0], range, names) else { return nil }
            guard halves.count == 2 else {
                all.formUnion(ends)
                continue
            }
            guard let step = Int(halves[1]), step > 0 else { return nil }
            let isOpen = !halves[0].contains("-") && ends.count == 1
            all.formUnion(stride(from: ends.lowerBound, through: isOpen ? range.upperBound : ends.upperBound, by: step))
        }
        return all
    }

    private static func ends(_ text: Substring, _ range: ClosedRange<Int>, _ names: [String]) -> ClosedRange<Int>? {
        if text == "*" || text == "?" { return range }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { word in
            names.firstIndex(of: word.lowercased()).map { $0 + range.lowerBound } ?? Int(word)
        }
        guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1], low <= high, range.contains(low),
            range.contains(high)
        else { return nil }
        return low...high
    }
}
