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

    /// nil for what is not of that form (the cluster knows more forms than these), and for what never comes.
    init?(_ text: String) {
        guard let expression = try? CronExpression(text) else { return nil }
        let numbers = expression.numbers
        (minutes, hours) = (numbers[0].sorted(), numbers[1].sorted())
        (days, months, weekdays) = (numbers[2], numbers[3], numbers[4])
        isEitherDay = expression.isEitherDay
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
        guard let number = parts.day, let month = parts.month, let weekday = parts.weekday, months.contains(month)
        else { return false }
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
}
