// A stand-in for flanneld: pod networks over VXLAN (or host routes), told to the other nodes by the same node annotations
// that flannel uses. It needs the programs ip, bridge and iptables.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

const (
	device      = "flannel.1"
	port        = "8472"
	annotations = "flannel.alpha.coreos.com/"
)

type configuration struct {
	Network string
	Backend struct {
		Type string
		VNI  int
		Port int
	}
}

type names []string

func (n *names) String() string         { return strings.Join(*n, ",") }
func (n *names) Set(value string) error { *n = append(*n, value); return nil }

func main() {
	var interfaces names
	flag.Var(&interfaces, "iface", "interface (name or address) for traffic between nodes; may be given more than once")
	reach := flag.String("iface-can-reach", "", "use the interface that reaches this address")
	publicAddress := flag.String("public-ip", "", "address that the other nodes use")
	masquerade := flag.Bool("ip-masq", false, "masquerade what leaves the pod network")
	subnetFile := flag.String("subnet-file", "/run/flannel/subnet.env", "what the CNI plugin reads")
	configFile := flag.String("net-config-path", "/etc/kube-flannel/net-conf.json", "the network's configuration")
	healthzIP := flag.String("healthz-ip", "0.0.0.0", "address that probes are answered on")
	healthzPort := flag.Int("healthz-port", 0, "port that probes are answered on; 0 is none")
	flag.Bool("kube-subnet-mgr", true, "always so here")
	flag.Int("v", 0, "ignored")
	flag.Parse()
	log.SetFlags(log.Ltime)
	log.Print("the lab's stand-in for flanneld")

	var ready atomic.Bool
	if *healthzPort != 0 {
		go serveHealth(net.JoinHostPort(*healthzIP, fmt.Sprint(*healthzPort)), &ready)
	}
	config := read(*configFile)
	link, address := external(interfaces, *reach)
	if *publicAddress != "" {
		address = net.ParseIP(*publicAddress)
	}
	log.Printf("traffic between nodes: %s on %s, backend %s", address, link.Name, config.Backend.Type)

	restConfig, err := rest.InClusterConfig()
	check(err)
	client, err := kubernetes.NewForConfig(restConfig)
	check(err)
	context, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	own := ownNode(context, client)
	subnet := ownSubnet(context, client, own)
	n := network{config: config, link: link.Name, address: address, own: own, subnet: subnet, routes: map[string]peer{}}
	n.prepare()
	check(announce(context, client, own, n.backendData(), config.Backend.Type, address))
	if *masquerade {
		n.masquerade()
	}
	n.accept()
	check(write(*subnetFile, config, subnet, n.mtu(link.MTU), *masquerade))
	log.Printf("wrote %s, pods of this node: %s", *subnetFile, subnet)

	factory := informers.NewSharedInformerFactory(client, time.Minute)
	nodes := factory.Core().V1().Nodes()
	changed := make(chan struct{}, 1)
	notify := func(interface{}) {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	nodes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: notify, DeleteFunc: notify, UpdateFunc: func(_, new interface{}) { notify(new) },
	})
	factory.Start(context.Done())
	factory.WaitForCacheSync(context.Done())
	for {
		select {
		case <-context.Done():
			return
		case <-changed:
			all, err := nodes.Lister().List(labels.Everything())
			check(err)
			n.follow(all)
			ready.Store(true)
		}
	}
}

func serveHealth(address string, ready *atomic.Bool) {
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/readyz", func(answer http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			answer.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	check(http.ListenAndServe(address, nil))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func run(words ...string) error {
	output, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}

func read(path string) configuration {
	config := configuration{}
	text, err := os.ReadFile(path)
	check(err)
	check(json.Unmarshal(text, &config))
	_, _, err = net.ParseCIDR(config.Network)
	check(err)
	if config.Backend.VNI == 0 {
		config.Backend.VNI = 1
	}
	if config.Backend.Type != "vxlan" && config.Backend.Type != "host-gw" {
		log.Fatalf("backend %q: the stand-in knows vxlan and host-gw", config.Backend.Type)
	}
	return config
}

// The interface and its address: as asked for, else the ones of the default route.
func external(wanted names, reach string) (*net.Interface, net.IP) {
	for _, name := range wanted {
		links, err := net.Interfaces()
		check(err)
		for i := range links {
			for _, address := range addresses(&links[i]) {
				if links[i].Name == name || address.String() == name {
					return &links[i], address
				}
			}
		}
	}
	if len(wanted) > 0 {
		log.Fatalf("no interface with an IPv4 address is %s", wanted.String())
	}
	if reach == "" {
		reach = "1.1.1.1"
	}
	connection, err := net.Dial("udp4", net.JoinHostPort(reach, "9"))
	check(err)
	local := connection.LocalAddr().(*net.UDPAddr).IP
	return external(names{local.String()}, "")
}

func addresses(link *net.Interface) []net.IP {
	found := []net.IP{}
	all, err := link.Addrs()
	check(err)
	for _, address := range all {
		if network, isNetwork := address.(*net.IPNet); isNetwork && network.IP.To4() != nil {
			found = append(found, network.IP)
		}
	}
	return found
}

func ownNode(context context.Context, client kubernetes.Interface) string {
	if name := os.Getenv("NODE_NAME"); name != "" {
		return name
	}
	for waited := 0; ; waited++ {
		pod, err := client.CoreV1().Pods(os.Getenv("POD_NAMESPACE")).Get(context, os.Getenv("POD_NAME"), meta.GetOptions{})
		if err == nil {
			return pod.Spec.NodeName
		}
		// On a new node kube-proxy may not have made the API server's Service yet.
		if waited == 60 || context.Err() != nil {
			log.Fatal(err)
		}
		time.Sleep(time.Second)
	}
}

// The controller manager gives a node its podCIDR soon after it appears.
func ownSubnet(context context.Context, client kubernetes.Interface, name string) *net.IPNet {
	for waited := 0; waited < 60; waited++ {
		node, err := client.CoreV1().Nodes().Get(context, name, meta.GetOptions{})
		check(err)
		if node.Spec.PodCIDR != "" {
			_, subnet, err := net.ParseCIDR(node.Spec.PodCIDR)
			check(err)
			return subnet
		}
		time.Sleep(time.Second)
	}
	log.Fatalf("node %q pod cidr not assigned", name)
	return nil
}

func announce(context context.Context, client kubernetes.Interface, name, data, backend string, address net.IP) error {
	patch, err := json.Marshal(map[string]interface{}{"metadata": map[string]interface{}{"annotations": map[string]string{
		annotations + "backend-data":        data,
		annotations + "backend-type":        backend,
		annotations + "kube-subnet-manager": "true",
		annotations + "public-ip":           address.String(),
	}}})
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().Patch(context, name, types.StrategicMergePatchType, patch, meta.PatchOptions{}, "status")
	if err != nil {
		return err
	}
	patch, err = json.Marshal(map[string]interface{}{"status": map[string]interface{}{"conditions": []map[string]interface{}{{
		"type": core.NodeNetworkUnavailable, "status": core.ConditionFalse, "reason": "FlannelIsUp",
		"message": "Flannel is running on this node", "lastTransitionTime": meta.Now(), "lastHeartbeatTime": meta.Now(),
	}}}})
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().Patch(context, name, types.StrategicMergePatchType, patch, meta.PatchOptions{}, "status")
	return err
}

func write(path string, config configuration, subnet *net.IPNet, mtu int, masquerade bool) error {
	ones, _ := subnet.Mask.Size()
	text := fmt.Sprintf("FLANNEL_NETWORK=%s\nFLANNEL_SUBNET=%s/%d\nFLANNEL_MTU=%d\nFLANNEL_IPMASQ=%t\n",
		config.Network, next(subnet.IP), ones, mtu, masquerade)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	if err := os.WriteFile(temporary, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

func next(address net.IP) net.IP {
	four := append(net.IP{}, address.To4()...)
	four[3]++
	return four
}

type peer struct {
	subnet, public, mac string
}

type network struct {
	config  configuration
	link    string
	address net.IP
	own     string
	subnet  *net.IPNet
	routes  map[string]peer
}

func (n *network) isVXLAN() bool { return n.config.Backend.Type == "vxlan" }

func (n *network) mtu(link int) int {
	if n.isVXLAN() {
		return link - 50
	}
	return link
}

func (n *network) prepare() {
	if !n.isVXLAN() {
		return
	}
	wanted := []string{"type", "vxlan", "id", fmt.Sprint(n.config.Backend.VNI), "local", n.address.String(),
		"dev", n.link, "dstport", port, "nolearning"}
	if _, err := net.InterfaceByName(device); err == nil {
		check(run("ip", "link", "delete", device))
	}
	check(run(append([]string{"ip", "link", "add", device}, wanted...)...))
	check(run("ip", "address", "replace", n.subnet.IP.String()+"/32", "dev", device))
	check(run("ip", "link", "set", device, "up"))
}

func (n *network) backendData() string {
	if !n.isVXLAN() {
		return "null"
	}
	link, err := net.InterfaceByName(device)
	check(err)
	return fmt.Sprintf(`{"VNI":%d,"VtepMAC":"%s"}`, n.config.Backend.VNI, link.HardwareAddr)
}

func ensure(table, chain string, rule ...string) {
	if run(append([]string{"iptables", "--wait", "-t", table, "-C", chain}, rule...)...) == nil {
		return
	}
	check(run(append([]string{"iptables", "--wait", "-t", table, "-A", chain}, rule...)...))
}

func (n *network) masquerade() {
	if run("iptables", "--wait", "-t", "nat", "-n", "-L", "FLANNEL-POSTRTG") != nil {
		check(run("iptables", "--wait", "-t", "nat", "-N", "FLANNEL-POSTRTG"))
	}
	all := n.config.Network
	ensure("nat", "FLANNEL-POSTRTG", "-s", all, "-d", all, "-j", "RETURN")
	ensure("nat", "FLANNEL-POSTRTG", "-s", all, "!", "-d", "224.0.0.0/4", "-j", "MASQUERADE")
	ensure("nat", "FLANNEL-POSTRTG", "!", "-s", all, "-d", n.subnet.String(), "-j", "RETURN")
	ensure("nat", "FLANNEL-POSTRTG", "!", "-s", all, "-d", all, "-j", "MASQUERADE")
	ensure("nat", "POSTROUTING", "-j", "FLANNEL-POSTRTG")
}

// Docker sets the policy of FORWARD to DROP; flannel opens it for its own network.
func (n *network) accept() {
	if run("iptables", "--wait", "-t", "filter", "-n", "-L", "FLANNEL-FWD") != nil {
		check(run("iptables", "--wait", "-t", "filter", "-N", "FLANNEL-FWD"))
	}
	ensure("filter", "FLANNEL-FWD", "-s", n.config.Network, "-j", "ACCEPT")
	ensure("filter", "FLANNEL-FWD", "-d", n.config.Network, "-j", "ACCEPT")
	ensure("filter", "FORWARD", "-j", "FLANNEL-FWD")
}

func (n *network) follow(nodes []*core.Node) {
	wanted := map[string]peer{}
	for _, node := range nodes {
		if node.Name == n.own || node.Spec.PodCIDR == "" || node.Annotations[annotations+"public-ip"] == "" {
			continue
		}
		data := struct{ VtepMAC string }{}
		if err := json.Unmarshal([]byte(node.Annotations[annotations+"backend-data"]), &data); err != nil {
			log.Printf("node %s: %v", node.Name, err)
			continue
		}
		wanted[node.Name] = peer{node.Spec.PodCIDR, node.Annotations[annotations+"public-ip"], data.VtepMAC}
	}
	for name, was := range n.routes {
		if !reflect.DeepEqual(wanted[name], was) {
			n.remove(was)
			delete(n.routes, name)
			log.Printf("removed the route to %s (%s)", name, was.subnet)
		}
	}
	for name, now := range wanted {
		if _, is := n.routes[name]; is {
			continue
		}
		if err := n.add(now); err != nil {
			log.Fatal(err)
		}
		n.routes[name] = now
		log.Printf("added the route to %s (%s through %s)", name, now.subnet, now.public)
	}
}

func (n *network) add(p peer) error {
	if !n.isVXLAN() {
		return run("ip", "route", "replace", p.subnet, "via", p.public, "dev", n.link)
	}
	gateway := strings.Split(p.subnet, "/")[0]
	for _, words := range [][]string{
		{"ip", "neighbour", "replace", gateway, "lladdr", p.mac, "dev", device, "nud", "permanent"},
		{"bridge", "fdb", "replace", p.mac, "dev", device, "dst", p.public},
		{"ip", "route", "replace", p.subnet, "via", gateway, "dev", device, "onlink"},
	} {
		if err := run(words...); err != nil {
			return err
		}
	}
	return nil
}

func (n *network) remove(p peer) {
	commands := [][]string{{"ip", "route", "delete", p.subnet}}
	if n.isVXLAN() {
		gateway := strings.Split(p.subnet, "/")[0]
		commands = append(commands,
			[]string{"bridge", "fdb", "delete", p.mac, "dev", device, "dst", p.public},
			[]string{"ip", "neighbour", "delete", gateway, "dev", device})
	}
	for _, words := range commands {
		if err := run(words...); err != nil {
			log.Print(err)
		}
	}
}
