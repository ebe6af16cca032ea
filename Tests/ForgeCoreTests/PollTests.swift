import Testing

@testable import ForgeCore

@Suite("A poll")
struct PollTests {
    @Test("pauses between two looks, and not behind the last one")
    func pauses() async throws {
        var told: [String] = []
        let isDone = try await poll(within: .seconds(3600)) {
            told.append("pause")
        } until: {
            told.append("look")
            return told.count == 5
        }
        #expect(isDone)
        #expect(told == ["look", "pause", "look", "pause", "look"])
    }

    @Test("looks once without any time, and gives up then")
    func noTime() async throws {
        var told: [String] = []
        let isDone = try await poll(within: .zero) {
            told.append("pause")
        } until: {
            told.append("look")
            return false
        }
        #expect(!isDone)
        #expect(told == ["look"])
    }

    @Test("looks a last time when the limit was over in a pause")
    func lastLook() async throws {
        let end = ContinuousClock.now + .milliseconds(20)
        var isOver = false
        let isDone = try await poll(within: .milliseconds(10)) {
            while ContinuousClock.now < end {}
            isOver = true
        } until: {
            isOver
        }
        #expect(isDone)
    }

    @Test("ends with what a look or a pause throws")
    func throwing() async throws {
        await #expect(throws: Problem.self) {
            try await poll(within: .seconds(3600)) {
                throw Problem(what: "stopped")
            } until: {
                false
            }
        }
        await #expect(throws: Problem.self) {
            try await poll(within: .seconds(3600)) {
            } until: {
                throw Problem(what: "lost")
            }
        }
    }
}
