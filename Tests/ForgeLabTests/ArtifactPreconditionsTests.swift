import ForgeCore
import ForgeInventory
import ForgeTemplates
import Testing

@testable import ForgeLab

@Suite("The preconditions of the lab's supplies")
struct ArtifactPreconditionsTests {
    @Test("find nothing on a computer that has all")
    func nothing() {
        var preconditions = ArtifactPreconditions()
        preconditions.freeDisk = 10 << 30
        preconditions.freeMemory = 3 << 30
        #expect(preconditions.findings == [])
    }

    @Test("say all that is missing at once, and what to do about it")
    func messages() {
        var preconditions = ArtifactPreconditions()
        preconditions.folder = "/root/.cache/kubeforge/lab"
        preconditions.missingPackages = ["debian-archive-keyring", "python3-pip"]
        preconditions.archiveError = "E: Could not resolve 'deb.debian.org'"
        preconditions.freeDisk = (10 << 30) - 1
        preconditions.freeMemory = 1 << 30
        #expect(
            preconditions.findings.map(\.description).joined(separator: "\n") == """
                packages that the lab's supplies need are not installed: debian-archive-keyring, python3-pip
                  fix  apt-get install -y --no-install-recommends debian-archive-keyring python3-pip
                Debian's archive cannot be reached, and the lab's packages are not made yet
                  why  E: Could not resolve 'deb.debian.org'
                  fix  see that apt can fetch http://deb.debian.org/debian/dists/bookworm/InRelease (a proxy belongs \
                into /etc/apt/apt.conf.d)
                too little disk space in /root/.cache/kubeforge/lab to make the lab's packages and images
                  why  9.9 GiB are free, 10.0 GiB are needed
                  fix  set KUBEFORGE_CACHE to a folder on a larger disk
                too little memory to build Kubernetes
                  why  1.0 GiB are free, 3.0 GiB are needed
                  fix  end something
                """)
    }
}
