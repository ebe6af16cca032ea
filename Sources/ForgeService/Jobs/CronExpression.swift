import ForgeCore
import Foundation

/// When a schedule runs, as Kubernetes reads it: five fields, or a name such as `@daily`.
package struct CronExpression: Sendable, Hashable {
    /// The text as it was typed, and as the CronJob gets it: `0 2 * * *`, `@daily`.
    package let text: String
    /// Minutes, hours, days of the month, months, days of the week (Sunday is 0).
    let numbers: [Set<Int>]
    /// With both given, a day of the month or of the week is enough.
    let isEitherDay: Bool

    /// One of the five fields: what it counts, from where to where, and names that stand for numbers.
    private struct Field {
        let name: String
        let range: ClosedRange<Int>
        var names: [String] = []
    }

    private static let fields = [
        Field(name: "minute", range: 0...59), Field(name: "hour", range: 0...23),
        Field(name: "day of the month", range: 1...31),
        Field(
            name: "month", range: 1...12,
            names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        Field(name: "day of the week", range: 0...6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ]

    private static let words: [(name: String, fields: String)] = [
        ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@hourly", "0 * * * *"),
    ]

    /// Refused is what Kubernetes would refuse, and what would never come: the 30th of February.
    package init(_ text: String) throws(Problem) {
        self.text = text
        let parts = try Self.fields(of: text).split(whereSeparator: \.isWhitespace).map(String.init)
        guard parts.count == 5 else {
            throw Problem(
                cron: text,
                """
                it has \(parts.count) \(parts.count == 1 ? "field" : "fields"), and needs five: minute hour day month \
                weekday
                """
            )
        }
        var sets: [Set<Int>] = []
        for (part, field) in zip(parts, Self.fields) { sets.append(try Self.numbers(part, field, of: text)) }
        try Self.checkDates(parts, sets, text)
        numbers = sets
        isEitherDay = ![parts[2], parts[4]].contains { $0.hasPrefix("*") || $0.hasPrefix("?") }
    }

    /// The five fields that a name stands for.
    private static func fields(of text: String) throws(Problem) -> String {
        let name = text.trimming(while: \.isWhitespace)
        guard name.hasPrefix("@"), !name.contains(where: \.isWhitespace) else { return text }
        if let known = words.first(where: { $0.name == name.lowercased() }) { return known.fields }
        throw Problem(cron: text, "\(name) is not known; use one of \(words.map(\.name).joined(separator: ", "))")
    }

    private static func numbers(_ part: String, _ field: Field, of text: String) throws(Problem) -> Set<Int> {
        var all: Set<Int> = []
        for piece in part.split(separator: ",", omittingEmptySubsequences: false) {
            do throws(Complaint) { all.formUnion(try numbers(inPiece: piece, field)) } catch {
                throw Problem(cron: text, "\(field.name): '\(part)': \(error.text)")
            }
        }
        return all
    }

    private struct Complaint: Error { let text: String }

    /// `*`, `5`, `1-5`, `*/15`, `10-50/20`, `5/15`.
    private static func numbers(inPiece piece: Substring, _ field: Field) throws(Complaint) -> Set<Int> {
        let halves = piece.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { throw Complaint(text: "has more than one /") }
        var range = try range(halves[0], field)
        guard halves.count == 2 else { return Set(range) }
        guard let step = Int(halves[1]), step > 0 else {
            throw Complaint(text: "'\(halves[1])' after / must be a number from 1 on")
        }
        if range.count == 1, halves[0] != "*", !halves[0].contains("-") {
            range = range.lowerBound...field.range.upperBound
        }
        return Set(stride(from: range.lowerBound, through: range.upperBound, by: step))
    }

    private static func range(_ text: Substring, _ field: Field) throws(Complaint) -> ClosedRange<Int> {
        if text == "*" || text == "?" { return field.range }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2 else { throw Complaint(text: "has more than one -") }
        let (low, high) = (try number(ends[0], field), try number(ends[ends.count - 1], field))
        guard low <= high else { throw Complaint(text: "\(low)-\(high) goes backwards") }
        return low...high
    }

    private static func number(_ text: Substring, _ field: Field) throws(Complaint) -> Int {
        if let place = field.names.firstIndex(of: text.lowercased()) { return place + field.range.lowerBound }
        guard let number = Int(text), text.allSatisfy(\.isNumber) else {
            throw Complaint(
                text: "'\(text)' is not a number\(field.names.isEmpty ? "" : " or a name such as \(field.names[1])")")
        }
        guard field.range.contains(number) else {
            let hint = field.names.first == "sun" && number == 7 ? " (Sunday is 0)" : ""
            throw Complaint(text: "\(number) is not from \(field.range.lowerBound) to \(field.range.upperBound)\(hint)")
        }
        return number
    }

    /// With a weekday given, too, Kubernetes runs on either of the two.
    private static func checkDates(_ parts: [String], _ sets: [Set<Int>], _ text: String) throws(Problem) {
        let longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        let most = sets[3].map { longest[$0 - 1] }.max() ?? 31
        guard ["*", "?"].contains(parts[4]), let first = sets[2].min(), first > most else { return }
        throw Problem(cron: text, "no such month has a day \(first): it would never run")
    }
}

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

extension Problem {
    fileprivate init(cron text: String, _ why: String) {
        self.init(
            .usage, what: "\"\(text)\" is not a schedule", why: why,
            fix: "for instance \"0 2 * * *\": at 02:00 UTC every day")
    }
}
