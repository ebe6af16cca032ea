import ForgeCore
import Testing

@testable import ForgeService

@Suite("A Lease as the cluster has it")
struct LeaseObjectTests {
    @Test(
        "is free when nobody has it, or when its time is over; one without a time never is",
        arguments: [
            (#""holderIdentity":"","renewTime":"2026-11-21T09:06:40Z","leaseDurationSeconds":60"#, 0, true),
            (#""renewTime":"2026-11-21T09:06:40Z","leaseDurationSeconds":60"#, 0, true),
            (#""holderIdentity":"x","leaseDurationSeconds":60"#, 4000, false),
            (#""holderIdentity":"x","renewTime":"2026-11-21T09:06:40Z","leaseDurationSeconds":60"#, 60, false),
            (#""holderIdentity":"x","renewTime":"2026-11-21T09:06:40Z","leaseDurationSeconds":60"#, 61, true),
            (#""holderIdentity":"x","renewTime":"2026-11-21T09:06:40Z","leaseDurationSeconds":9999"#, 3600, false),
            (#""holderIdentity":"x","renewTime":"2026-11-21T09:06:40Z","leaseDurationSeconds":9999"#, 3601, true),
            (#""holderIdentity":"x","renewTime":"2026-11-21T09:06:40Z","leaseDurationSeconds":-9"#, 0, false),
            (#""holderIdentity":"x","renewTime":"2026-11-21T09:06:40Z","leaseDurationSeconds":-9"#, 1, true),
            (#""holderIdentity":"x","renewTime":"2026-11-21T09:06:40Z""#, 0, false),
            (#""holderIdentity":"x","renewTime":"2026-11-21T09:06:40Z""#, 1, true),
        ])
    func free(spec: String, age: Int, isFree: Bool) throws {
        let list = LeaseObject.list("{\"items\":[{\"metadata\":{\"name\":\"a\"},\"spec\":{\(spec)}}]}")
        let lease = try #require(list?.first)
        #expect(lease.isFree(at: 1_795_252_000 + age) == isFree)
    }
}
