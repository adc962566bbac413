// Command manifestcheck decodes deployment files strictly into the types of
// the programs that read them: Kubernetes manifests into those of its API, and
// compose files through the loader of the compose specification. Pods are held
// against the Pod Security Standard "restricted".
//
// It is a module of its own, so that none of what it needs comes near the
// program that is shipped. Faults go to standard error, one a line; the exit
// code is then 1.
//
//	manifestcheck FILE...
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	psapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

func main() {
	failed := false
	for _, name := range os.Args[1:] {
		check := manifest
		if strings.HasPrefix(filepath.Base(name), "compose") {
			check = compose
		}
		if err := check(name); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			failed = true
			continue
		}
		fmt.Printf("%s: ok\n", name)
	}
	if failed || len(os.Args) < 2 {
		os.Exit(1)
	}
}

func compose(name string) error {
	o, err := cli.NewProjectOptions([]string{name}, cli.WithName("aktvakt"), cli.WithWorkingDirectory(filepath.Dir(name)))
	if err != nil {
		return err
	}
	p, err := o.LoadProject(context.Background())
	if err != nil {
		return err
	}
	for _, s := range p.Services {
		if !s.ReadOnly || len(s.CapDrop) != 1 || s.CapDrop[0] != "ALL" || len(s.SecurityOpt) == 0 {
			return fmt.Errorf("service %s: want read_only, cap_drop: [ALL] and security_opt", s.Name)
		}
	}
	return nil
}

// kinds are the kinds that are used, with the version of their API.
var kinds = map[string]func() any{
	"v1/Namespace":                       func() any { return new(corev1.Namespace) },
	"v1/ServiceAccount":                  func() any { return new(corev1.ServiceAccount) },
	"v1/ConfigMap":                       func() any { return new(corev1.ConfigMap) },
	"v1/Secret":                          func() any { return new(corev1.Secret) },
	"v1/PersistentVolumeClaim":           func() any { return new(corev1.PersistentVolumeClaim) },
	"batch/v1/CronJob":                   func() any { return new(batchv1.CronJob) },
	"networking.k8s.io/v1/NetworkPolicy": func() any { return new(networkingv1.NetworkPolicy) },
}

func manifest(name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	r := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(b)))
	for n := 1; ; n++ {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := document(doc); err != nil {
			return fmt.Errorf("document %d: %w", n, err)
		}
	}
}

func document(doc []byte) error {
	var t metav1.TypeMeta
	if err := yaml.Unmarshal(doc, &t); err != nil {
		return err
	}
	kind, ok := kinds[t.APIVersion+"/"+t.Kind]
	if !ok {
		return fmt.Errorf("no kind %s/%s is expected", t.APIVersion, t.Kind)
	}
	v := kind()
	if err := yaml.UnmarshalStrict(doc, v); err != nil {
		return err
	}
	if c, ok := v.(*batchv1.CronJob); ok {
		return cronJob(c)
	}
	return nil
}

// cronJob holds the job against the Pod Security Standard and against what a
// nightly scan needs.
func cronJob(c *batchv1.CronJob) error {
	var errs []error
	want := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New(what))
		}
	}
	eval, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		return err
	}
	pod := c.Spec.JobTemplate.Spec.Template
	results := eval.EvaluatePod(psapi.LevelVersion{Level: psapi.LevelRestricted, Version: psapi.LatestVersion()}, &pod.ObjectMeta, &pod.Spec)
	if r := policy.AggregateCheckResults(results); !r.Allowed {
		errs = append(errs, fmt.Errorf("not restricted: %s: %s", r.ForbiddenReason(), r.ForbiddenDetail()))
	}
	want(c.Spec.ConcurrencyPolicy == batchv1.ForbidConcurrent, "concurrencyPolicy must be Forbid: two scans share one state")
	want(pod.Spec.RestartPolicy == corev1.RestartPolicyNever, "restartPolicy must be Never: a failed night is looked at, not repeated by day")
	want(pod.Spec.AutomountServiceAccountToken != nil && !*pod.Spec.AutomountServiceAccountToken, "the job needs no token of the cluster")
	for _, x := range pod.Spec.Containers {
		want(x.SecurityContext != nil && x.SecurityContext.ReadOnlyRootFilesystem != nil && *x.SecurityContext.ReadOnlyRootFilesystem, x.Name+": the root file system must be read-only")
		want(!x.Resources.Requests.Memory().IsZero() && !x.Resources.Limits.Memory().IsZero(), x.Name+": memory must be requested and limited")
	}
	return errors.Join(errs...)
}
