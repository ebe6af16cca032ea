// A stand-in for CoreDNS: the cluster's own names from Services and Endpoints, everything else forwarded.
// It reads of the Corefile only the zones of the kubernetes plugin and the ports of health and ready.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/miekg/dns"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

const ttl = 30

func main() {
	corefile := flag.String("conf", "/etc/coredns/Corefile", "the Corefile")
	listen := flag.String("dns.port", "53", "port for DNS")
	flag.Parse()
	log.SetFlags(log.Ltime)
	log.Print("the lab's stand-in for CoreDNS")

	config, err := rest.InClusterConfig()
	check(err)
	client, err := kubernetes.NewForConfig(config)
	check(err)
	context, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	factory := informers.NewSharedInformerFactory(client, 0)
	services, endpoints := factory.Core().V1().Services(), factory.Core().V1().Endpoints()
	s := server{
		zone: zone(*corefile), services: services.Lister(), endpoints: endpoints.Lister(), upstream: upstream("/etc/resolv.conf"),
	}
	synced := []cache.InformerSynced{services.Informer().HasSynced, endpoints.Informer().HasSynced}
	s.isReady = func() bool { return synced[0]() && synced[1]() }
	factory.Start(context.Done())

	answer := func(port string, path string, isWell func() bool) {
		mux := http.NewServeMux()
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			if !isWell() {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			fmt.Fprint(w, "OK")
		})
		check(http.ListenAndServe(":"+port, mux))
	}
	go answer("8080", "/health", func() bool { return true })
	go answer("8181", "/ready", s.isReady)
	cache.WaitForCacheSync(context.Done(), synced...)
	for _, transport := range []string{"udp", "tcp"} {
		transport := transport
		go func() { check((&dns.Server{Addr: ":" + *listen, Net: transport, Handler: &s}).ListenAndServe()) }()
	}
	log.Printf("answering for %s and forwarding the rest to %v", s.zone, s.upstream)
	<-context.Done()
	time.Sleep(5 * time.Second) // as "lameduck 5s" of kubeadm's Corefile: requests under way still get their answer
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func zone(path string) string {
	text, err := os.ReadFile(path)
	check(err)
	found := regexp.MustCompile(`(?m)^\s*kubernetes\s+(\S+)`).FindSubmatch(text)
	if found == nil {
		return "cluster.local."
	}
	return dns.Fqdn(string(found[1]))
}

func upstream(path string) []string {
	config, err := dns.ClientConfigFromFile(path)
	if err != nil {
		return nil
	}
	servers := []string{}
	for _, server := range config.Servers {
		servers = append(servers, net.JoinHostPort(server, config.Port))
	}
	return servers
}

type server struct {
	zone      string
	services  listers.ServiceLister
	endpoints listers.EndpointsLister
	upstream  []string
	isReady   func() bool
}

func (s *server) ServeDNS(w dns.ResponseWriter, request *dns.Msg) {
	if len(request.Question) != 1 {
		refuse(w, request, dns.RcodeFormatError)
		return
	}
	question := request.Question[0]
	name := strings.ToLower(question.Name)
	switch {
	case dns.IsSubDomain(s.zone, name):
		records, exists := s.look(strings.TrimSuffix(strings.TrimSuffix(name, s.zone), "."), question)
		s.reply(w, request, records, exists)
	case question.Qtype == dns.TypePTR && strings.HasSuffix(name, ".in-addr.arpa."):
		if records := s.reverse(question); records != nil {
			s.reply(w, request, records, true)
			return
		}
		s.forward(w, request)
	default:
		s.forward(w, request)
	}
}

func refuse(w dns.ResponseWriter, request *dns.Msg, code int) {
	w.WriteMsg(new(dns.Msg).SetRcode(request, code))
}

func (s *server) reply(w dns.ResponseWriter, request *dns.Msg, records []dns.RR, exists bool) {
	message := new(dns.Msg).SetReply(request)
	message.Authoritative, message.RecursionAvailable = true, true
	message.Answer = records
	if len(records) == 0 {
		message.Ns = []dns.RR{&dns.SOA{
			Hdr: header(s.zone, dns.TypeSOA), Ns: "ns.dns." + s.zone, Mbox: "hostmaster." + s.zone,
			Serial: uint32(time.Now().Unix()), Refresh: 7200, Retry: 1800, Expire: 86400, Minttl: ttl,
		}}
	}
	if !exists {
		message.Rcode = dns.RcodeNameError
	}
	if _, isUDP := w.RemoteAddr().(*net.UDPAddr); isUDP && message.Len() > size(request) {
		message.Answer, message.Truncated = nil, true
	}
	w.WriteMsg(message)
}

func size(request *dns.Msg) int {
	if options := request.IsEdns0(); options != nil {
		return int(options.UDPSize())
	}
	return dns.MinMsgSize
}

func header(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: ttl}
}

// SERVICE.NAMESPACE.svc, POD.SERVICE.NAMESPACE.svc, _PORT._PROTOCOL.SERVICE.NAMESPACE.svc and A-B-C-D.NAMESPACE.pod below the zone.
func (s *server) look(name string, question dns.Question) ([]dns.RR, bool) {
	labels := strings.Split(name, ".")
	if name == "" || name == "svc" || name == "pod" {
		return nil, true
	}
	if name == "dns-version" && question.Qtype == dns.TypeTXT {
		return []dns.RR{&dns.TXT{Hdr: header(question.Name, dns.TypeTXT), Txt: []string{"1.1.0"}}}, true
	}
	last := len(labels) - 1
	if labels[last] == "pod" && len(labels) == 3 {
		address := net.ParseIP(strings.ReplaceAll(labels[0], "-", "."))
		return addressRecords(question, []string{address.String()}), address != nil
	}
	if labels[last] != "svc" || len(labels) < 3 {
		return nil, false
	}
	service, err := s.services.Services(labels[last-1]).Get(labels[last-2])
	if err != nil {
		return nil, false
	}
	return s.service(service, labels[:last-2], question)
}

func (s *server) service(service *core.Service, before []string, question dns.Question) ([]dns.RR, bool) {
	if service.Spec.Type == core.ServiceTypeExternalName {
		return []dns.RR{&dns.CNAME{Hdr: header(question.Name, dns.TypeCNAME), Target: dns.Fqdn(service.Spec.ExternalName)}}, true
	}
	switch len(before) {
	case 0:
		return addressRecords(question, s.addresses(service, "")), true
	case 1:
		found := s.addresses(service, before[0])
		return addressRecords(question, found), len(found) > 0
	case 2:
		return s.ports(service, before[0], before[1], question)
	}
	return nil, false
}

// The cluster IP, or for a headless service the addresses of its ready pods (one of them: by its host name or dashed address).
func (s *server) addresses(service *core.Service, of string) []string {
	if service.Spec.ClusterIP != core.ClusterIPNone && of == "" {
		return []string{service.Spec.ClusterIP}
	}
	endpoints, err := s.endpoints.Endpoints(service.Namespace).Get(service.Name)
	if err != nil {
		return nil
	}
	found := []string{}
	for _, subset := range endpoints.Subsets {
		for _, address := range subset.Addresses {
			if of == "" || of == address.Hostname || of == strings.ReplaceAll(address.IP, ".", "-") {
				found = append(found, address.IP)
			}
		}
	}
	return found
}

func (s *server) ports(service *core.Service, port, protocol string, question dns.Question) ([]dns.RR, bool) {
	records, exists := []dns.RR{}, false
	for _, candidate := range service.Spec.Ports {
		if "_"+candidate.Name != port || "_"+strings.ToLower(string(candidate.Protocol)) != protocol {
			continue
		}
		exists = true
		if question.Qtype == dns.TypeSRV || question.Qtype == dns.TypeANY {
			records = append(records, &dns.SRV{
				Hdr: header(question.Name, dns.TypeSRV), Priority: 0, Weight: 100, Port: uint16(candidate.Port),
				Target: fmt.Sprintf("%s.%s.svc.%s", service.Name, service.Namespace, s.zone),
			})
		}
	}
	return records, exists
}

func addressRecords(question dns.Question, addresses []string) []dns.RR {
	if question.Qtype != dns.TypeA && question.Qtype != dns.TypeANY {
		return nil
	}
	records := []dns.RR{}
	for _, address := range addresses {
		if four := net.ParseIP(address).To4(); four != nil {
			records = append(records, &dns.A{Hdr: header(question.Name, dns.TypeA), A: four})
		}
	}
	return records
}

func (s *server) reverse(question dns.Question) []dns.RR {
	parts := strings.Split(strings.TrimSuffix(strings.ToLower(question.Name), ".in-addr.arpa."), ".")
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	address := strings.Join(parts, ".")
	all, err := s.services.List(labels.Everything())
	if err != nil {
		return nil
	}
	for _, service := range all {
		if service.Spec.ClusterIP == address {
			target := fmt.Sprintf("%s.%s.svc.%s", service.Name, service.Namespace, s.zone)
			return []dns.RR{&dns.PTR{Hdr: header(question.Name, dns.TypePTR), Ptr: target}}
		}
	}
	return nil
}

func (s *server) forward(w dns.ResponseWriter, request *dns.Msg) {
	client := &dns.Client{Timeout: 2 * time.Second}
	if _, isTCP := w.RemoteAddr().(*net.TCPAddr); isTCP {
		client.Net = "tcp"
	}
	for _, server := range s.upstream {
		if answer, _, err := client.Exchange(request, server); err == nil {
			answer.Id = request.Id
			w.WriteMsg(answer)
			return
		}
	}
	refuse(w, request, dns.RcodeServerFailure)
}
