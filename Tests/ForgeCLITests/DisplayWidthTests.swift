import ForgeCLI
import Testing

@Suite("Text on a terminal")
struct DisplayWidthTests {
    @Test(
        "takes the room that its characters take",
        arguments: [
            ("kubnode", 7), ("Müller", 6), ("e\u{301}", 1), ("日本", 4), ("✓", 1), ("🚀", 2), ("❤\u{FE0F}", 2), ("❤", 1),
            ("a\u{200B}b", 2), ("a\u{7}", 1), ("", 0),
        ])
    func columns(text: String, columns: Int) {
        #expect(text.columns == columns)
    }

    @Test("is cut where there is no more room, never through a character")
    func cut() {
        #expect("kubnode".cut(to: 7) == "kubnode")
        #expect("kubnode".cut(to: 6) == "kubno…")
        #expect("日本語".cut(to: 4) == "日…")
        #expect("日本語".cut(to: 1) == "…")
        #expect("a".cut(to: 0) == "")
    }

    @Test(
        "is what a program meant to stand there",
        arguments: [
            ("\u{1B}[1;32mok\u{1B}[0m", "ok"), ("10%\r 20%", " 20%"), ("a\tb\u{7}", "a b"),
            ("\u{1B}]0;title\u{7}x", "x"),
            ("x\r", "x"),
        ])
    func printable(text: String, shown: String) {
        #expect(text.printable == shown)
    }

    @Test(
        "says times as people read them",
        arguments: [
            (0.04, "0.0 s"), (12.44, "12.4 s"), (59.94, "59.9 s"), (59.96, "1 min"), (192, "3 min 12 s"),
            (3599, "59 min 59 s"), (3600, "1 h 0 min"), (3900, "1 h 5 min"), (7199, "1 h 59 min"),
        ])
    func seconds(seconds: Double, text: String) {
        #expect(Seconds.shown(seconds) == text)
    }

    @Test(
        "says whole seconds of a time that still grows",
        arguments: [(0, "0 s"), (0.9, "0 s"), (59.9, "59 s"), (60, "1 min"), (61.5, "1 min 1 s")])
    func ticking(seconds: Double, text: String) {
        #expect(Seconds.ticking(seconds) == text)
    }
}
