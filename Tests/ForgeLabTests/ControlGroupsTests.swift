import Testing

@testable import ForgeLab

@Suite("Control groups")
struct ControlGroupsTests {
    @Test("of version 1 are one in every hierarchy, below the group that the process is in")
    func hybrid() {
        let groups = ControlGroups(
            membership: """
                4:memory:/box/one
                3:cpu,cpuacct:/
                2:name=systemd:/
                0::/
                """,
            mounts: """
                tmpfs /sys/fs/cgroup tmpfs rw 0 0
                cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
                cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
                cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
                cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
                """)
        #expect(!groups.areUnified)
        #expect(
            groups.directories("kubeforge.lab.kubnode") == [
                "/sys/fs/cgroup/memory/box/one/kubeforge.lab.kubnode",
                "/sys/fs/cgroup/cpu,cpuacct/kubeforge.lab.kubnode",
                "/sys/fs/cgroup/systemd/kubeforge.lab.kubnode",
                "/sys/fs/cgroup/unified/kubeforge.lab.kubnode",
            ])
    }

    @Test("of version 2 are one at the top: a group with processes has no controllers for its children")
    func unified() {
        let groups = ControlGroups(
            membership: "0::/user.slice/session-1.scope", mounts: "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0")
        #expect(groups.areUnified)
        #expect(groups.directories("kubeforge.lab.kubnode") == ["/sys/fs/cgroup/kubeforge.lab.kubnode"])
    }

    @Test("leave out a hierarchy that is not mounted")
    func notMounted() {
        let groups = ControlGroups(
            membership: "5:misc:/\n1:cpu:/", mounts: "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0")
        #expect(groups.directories("x") == ["/sys/fs/cgroup/cpu/x"])
    }
}
