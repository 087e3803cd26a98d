package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestTheSampleNamesEverySetting holds the sample against what is read: every
// name, and no other; filled in, it is read without a complaint.
func TestTheSampleNamesEverySetting(t *testing.T) {
	t.Parallel()
	var names []string
	for _, group := range exampleValues {
		for _, v := range group.values {
			names = append(names, v.name)
		}
	}
	slices.Sort(names)
	want := slices.Sorted(slices.Values(configNames))
	if !slices.Equal(names, want) {
		t.Errorf("the sample names\n%v, the program reads\n%v", names, want)
	}
	filled := regexp.MustCompile(`(?m)^#([A-Z_]+=.+)$`).ReplaceAllString(envExample(), "$1")
	if _, err := parseDotenv(filled); err != nil {
		t.Errorf("the sample cannot be read: %v", err)
	}
	c, err := readConfig(environ(nil), filled, &overrides{data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := readConfig(environ(nil), envExample(), &overrides{data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.warnings)+len(plain.warnings) > 0 {
		t.Errorf("warnings: %v, %v", c.warnings, plain.warnings)
	}
	// What it shows as the value unless set is that.
	for i, s := range plain.shown {
		if s.name != "DATA_DIR" && s.name != "DATABASE_URL" && s.value != c.shown[i].value {
			t.Errorf("%s is %q unless set, the sample says %q", s.name, s.value, c.shown[i].value)
		}
	}
}

// composed is as much of a compose file as this test reads.
type composed struct {
	Services map[string]struct {
		Image       string
		Environment map[string]string
		Ports       []string
		Secrets     []string
		ReadOnly    bool     `yaml:"read_only"`
		CapDrop     []string `yaml:"cap_drop"`
		Profiles    []string
		Healthcheck any
	}
	Secrets map[string]struct{ File string }
}

// TestTheComposeFileHolds says what may not be lost of the compose file: settings
// that the program reads, pinned images, no open database, files for secrets.
func TestTheComposeFileHolds(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var file composed
	if err := yaml.Unmarshal([]byte(read("deploy/docker-compose.yml")), &file); err != nil {
		t.Fatal(err)
	}
	setup := read("deploy/setup")
	for _, name := range []string{"postgres", "redis", "migrate", "backend", "frontend", "adminer"} {
		s, there := file.Services[name]
		if !there {
			t.Errorf("there is no service %s", name)
			continue
		}
		if !strings.HasPrefix(s.Image, "ampedfieldops") && !regexp.MustCompile(`:\d+\.\d+`).MatchString(s.Image) {
			t.Errorf("%s has the image %s, which is not pinned", name, s.Image)
		}
		for _, port := range s.Ports {
			if name != "frontend" && !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s publishes %s", name, port)
			}
		}
		if !s.ReadOnly && name != "postgres" {
			t.Errorf("%s may write to its own files", name)
		}
		for _, secret := range s.Secrets {
			if !strings.HasPrefix(file.Secrets[secret].File, "./secrets/") || !strings.Contains(setup, "secret "+secret) {
				t.Errorf("the secret %s of %s is not made by deploy/setup", secret, name)
			}
		}
	}
	for _, name := range []string{"postgres", "redis"} {
		if s := file.Services[name]; len(s.Ports) > 0 || s.Healthcheck == nil {
			t.Errorf("%s: ports %v, healthcheck %v", name, s.Ports, s.Healthcheck)
		}
	}
	if !slices.Contains(file.Services["adminer"].Profiles, "tools") {
		t.Error("adminer starts by itself")
	}
	for name := range file.Services["backend"].Environment {
		base, isFile := strings.CutSuffix(name, "_FILE")
		if !slices.Contains(configNames, name) && !(isFile && slices.Contains(fileToo, base)) {
			t.Errorf("backend is given %s, which nobody reads", name)
		}
	}
	dockerfile := read("deploy/Dockerfile")
	for _, from := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(dockerfile, -1) {
		if from[1] != "scratch" && !regexp.MustCompile(`:\d+\.\d+\.\d+`).MatchString(from[1]) {
			t.Errorf("the Dockerfile builds on %s, which is not pinned", from[1])
		}
	}
	if !strings.Contains(dockerfile, "USER 65532") || strings.Contains(dockerfile, "ADD ") {
		t.Error("the Dockerfile runs as root, or adds what it was not given")
	}
	// Each of nginx's files includes another.
	configurations, err := filepath.Glob(filepath.Join("..", "..", "deploy", "nginx", "*.conf"))
	if err != nil || len(configurations) == 0 {
		t.Fatalf("nginx's files: %v, %v", configurations, err)
	}
	for _, c := range configurations {
		if !strings.Contains(dockerfile, "COPY deploy/nginx/"+filepath.Base(c)+" ") {
			t.Errorf("the Dockerfile leaves out nginx's %s", filepath.Base(c))
		}
	}
	// The official image refuses a go.mod that wants a newer Go, instead of fetching it.
	needed := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read("go.mod"))
	built := regexp.MustCompile(`(?m)^FROM golang:([\d.]+)`).FindStringSubmatch(dockerfile)
	if needed == nil || built == nil || needed[1] != built[1] {
		t.Errorf("go.mod needs %v, the Dockerfile builds with %v", needed, built)
	}
}

// TestAlertsAndDashboardAskForWhatThereIs compares the names of metrics in the
// rules, the dashboard and the guide with those that the program gives.
func TestAlertsAndDashboardAskForWhatThereIs(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join("..", "..", "internal", "api", "metrics.go"))
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]bool{}
	for _, name := range regexp.MustCompile(`prefix \+ ?"([a-z_]+)"|prefix\+"([a-z_]+)"`).FindAllStringSubmatch(string(source), -1) {
		given["ampedfieldops_"+name[1]+name[2]] = true
	}
	if len(given) < 14 {
		t.Fatalf("only %d metrics were found: %v", len(given), given)
	}
	for _, file := range []string{"deploy/prometheus/alerts.yml", "deploy/grafana/ampedfieldops.json", "docs/operate.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`ampedfieldops_[a-z_]+`).FindAllString(string(text), -1) {
			plain := name
			for _, suffix := range []string{"_count", "_bucket", "_sum"} {
				plain = strings.TrimSuffix(plain, suffix)
			}
			if !given[name] && !given[plain] {
				t.Errorf("%s asks for %s, which there is not", file, name)
			}
		}
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "prometheus", "alerts.yml"))
	if err == nil {
		err = yaml.Unmarshal(text, &rules)
	}
	if err != nil || len(rules.Groups) == 0 || len(rules.Groups[0].Rules) < 5 {
		t.Errorf("the rules are %+v, %v", rules, err)
	}
}
