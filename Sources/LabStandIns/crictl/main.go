// A stand-in for crictl of cri-tools: the few verbs that kubeadm and a person who looks around need, over CRI v1alpha2.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/grpc"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1alpha2"
)

const usage = `crictl (the lab's stand-in): crictl [-r SOCKET] VERB [ARGUMENT…]
verbs: info, version, pods [-q], ps [-a] [-q], images [-q], pull IMAGE, inspecti IMAGE, rmi IMAGE, stopp POD, rmp [-f] POD, stop CONTAINER, rm CONTAINER`

type client struct {
	context.Context
	runtime cri.RuntimeServiceClient
	image   cri.ImageServiceClient
}

// Where it is noted who calls. Kubernetes 1.20's kubeadm cannot do without crictl, and its package brought it; today's brings none, so
// whoever else relies on it fails on newer machines.
const callers = "/var/log/crictl-callers"

// noteCaller writes the names of the processes above this one, nearest first: `kubeadm < sudo < sh < sshd < systemd`.
func noteCaller(verb string) {
	var names []string
	for process := os.Getppid(); process > 0; {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
		if err != nil {
			break
		}
		// The name stands in parentheses and may have some in it; the state and the parent follow.
		first, last := strings.Index(string(stat), "("), strings.LastIndex(string(stat), ")")
		names = append(names, string(stat[first+1:last]))
		if _, err := fmt.Sscanf(string(stat[last+1:]), " %1s %d", new(string), &process); err != nil {
			break
		}
	}
	file, err := os.OpenFile(callers, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0644)
	if err != nil {
		return
	}
	defer file.Close()
	fmt.Fprintf(file, "%s: %s\n", strings.Join(names, " < "), verb)
}

func main() {
	socket := "unix:///run/containerd/containerd.sock"
	arguments := os.Args[1:]
	for len(arguments) > 0 && strings.HasPrefix(arguments[0], "-") {
		name, value, joined := strings.Cut(arguments[0], "=")
		if joined {
			arguments = arguments[1:]
		} else if len(arguments) > 1 {
			value, arguments = arguments[1], arguments[2:]
		} else {
			fail(fmt.Errorf("%s needs a value\n%s", name, usage))
		}
		switch name {
		case "-r", "--runtime-endpoint":
			socket = value
		case "-i", "--image-endpoint", "-t", "--timeout", "-c", "--config":
		default:
			fail(fmt.Errorf("unknown option %s\n%s", name, usage))
		}
	}
	if len(arguments) == 0 {
		fail(fmt.Errorf("%s", usage))
	}
	noteCaller(arguments[0])
	if !strings.Contains(socket, "://") {
		socket = "unix://" + socket
	}
	limit, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	dialing, stop := context.WithTimeout(limit, 5*time.Second)
	defer stop()
	connection, err := grpc.DialContext(dialing, socket, grpc.WithInsecure(), grpc.WithBlock(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16<<20)))
	if err != nil {
		fail(fmt.Errorf("connect to %s: %w", socket, err))
	}
	c := client{limit, cri.NewRuntimeServiceClient(connection), cri.NewImageServiceClient(connection)}
	if err := c.run(arguments[0], arguments[1:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func (c client) run(verb string, rest []string) error {
	flags, names := map[string]bool{}, []string{}
	for _, word := range rest {
		if strings.HasPrefix(word, "-") {
			flags[word] = true
		} else {
			names = append(names, word)
		}
	}
	switch verb {
	case "info":
		return c.info()
	case "version":
		return c.version()
	case "pods":
		return c.pods(flags)
	case "ps":
		return c.containers(flags)
	case "images":
		return c.images(flags)
	}
	one, known := map[string]func(string) error{
		"pull": c.pull, "inspecti": c.inspectImage, "rmi": c.removeImage,
		"stopp": c.stopPod, "rmp": c.removePod, "stop": c.stopContainer, "rm": c.removeContainer,
	}[verb]
	if !known {
		return fmt.Errorf("unknown verb %s\n%s", verb, usage)
	}
	if len(names) == 0 {
		return fmt.Errorf("%s needs a name\n%s", verb, usage)
	}
	for _, name := range names {
		if err := one(name); err != nil {
			return err
		}
	}
	return nil
}

func show(value interface{}) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func table(rows [][]string) error {
	writer := tabwriter.NewWriter(os.Stdout, 0, 8, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(writer, strings.Join(row, "\t"))
	}
	return writer.Flush()
}

func (c client) info() error {
	answer, err := c.runtime.Status(c, &cri.StatusRequest{Verbose: true})
	if err != nil {
		return err
	}
	return show(map[string]interface{}{"status": answer.Status})
}

func (c client) version() error {
	answer, err := c.runtime.Version(c, &cri.VersionRequest{})
	if err != nil {
		return err
	}
	fmt.Printf("Version:  %s\nRuntimeName:  %s\nRuntimeVersion:  %s\nRuntimeApiVersion:  %s\n",
		answer.Version, answer.RuntimeName, answer.RuntimeVersion, answer.RuntimeApiVersion)
	return nil
}

func (c client) pods(flags map[string]bool) error {
	answer, err := c.runtime.ListPodSandbox(c, &cri.ListPodSandboxRequest{})
	if err != nil {
		return err
	}
	rows := [][]string{{"POD ID", "STATE", "NAMESPACE", "NAME", "ATTEMPT"}}
	for _, pod := range answer.Items {
		if flags["-q"] {
			fmt.Println(pod.Id)
			continue
		}
		rows = append(rows, []string{pod.Id[:13], pod.State.String(), pod.Metadata.Namespace, pod.Metadata.Name, fmt.Sprint(pod.Metadata.Attempt)})
	}
	if flags["-q"] {
		return nil
	}
	return table(rows)
}

func (c client) containers(flags map[string]bool) error {
	request := &cri.ListContainersRequest{}
	if !flags["-a"] {
		running := cri.ContainerState_CONTAINER_RUNNING
		request.Filter = &cri.ContainerFilter{State: &cri.ContainerStateValue{State: running}}
	}
	answer, err := c.runtime.ListContainers(c, request)
	if err != nil {
		return err
	}
	rows := [][]string{{"CONTAINER", "STATE", "NAME", "ATTEMPT", "POD ID"}}
	for _, container := range answer.Containers {
		if flags["-q"] {
			fmt.Println(container.Id)
			continue
		}
		rows = append(rows, []string{container.Id[:13], container.State.String(), container.Metadata.Name,
			fmt.Sprint(container.Metadata.Attempt), container.PodSandboxId[:13]})
	}
	if flags["-q"] {
		return nil
	}
	return table(rows)
}

func (c client) images(flags map[string]bool) error {
	answer, err := c.image.ListImages(c, &cri.ListImagesRequest{})
	if err != nil {
		return err
	}
	rows := [][]string{{"IMAGE", "IMAGE ID", "SIZE"}}
	for _, image := range answer.Images {
		if flags["-q"] {
			fmt.Println(image.Id)
			continue
		}
		for _, tag := range append(image.RepoTags, image.RepoDigests...) {
			rows = append(rows, []string{tag, image.Id, fmt.Sprint(image.Size_)})
		}
	}
	if flags["-q"] {
		return nil
	}
	return table(rows)
}

func (c client) pull(name string) error {
	answer, err := c.image.PullImage(c, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: name}})
	if err != nil {
		return fmt.Errorf("pulling image %q: %w", name, err)
	}
	fmt.Printf("Image is up to date for %s\n", answer.ImageRef)
	return nil
}

func (c client) inspectImage(name string) error {
	answer, err := c.image.ImageStatus(c, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: name}})
	if err != nil {
		return err
	}
	if answer.Image == nil {
		return fmt.Errorf("no such image %q present", name)
	}
	return show(map[string]interface{}{"status": answer.Image})
}

func (c client) removeImage(name string) error {
	_, err := c.image.RemoveImage(c, &cri.RemoveImageRequest{Image: &cri.ImageSpec{Image: name}})
	return err
}

func (c client) stopPod(id string) error {
	_, err := c.runtime.StopPodSandbox(c, &cri.StopPodSandboxRequest{PodSandboxId: id})
	return err
}

func (c client) removePod(id string) error {
	_, err := c.runtime.RemovePodSandbox(c, &cri.RemovePodSandboxRequest{PodSandboxId: id})
	return err
}

func (c client) stopContainer(id string) error {
	_, err := c.runtime.StopContainer(c, &cri.StopContainerRequest{ContainerId: id, Timeout: 10})
	return err
}

func (c client) removeContainer(id string) error {
	_, err := c.runtime.RemoveContainer(c, &cri.RemoveContainerRequest{ContainerId: id})
	return err
}
