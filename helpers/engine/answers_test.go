package engine_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/engine"
	"builders.test/helpers/env"
	"builders.test/helpers/image"
	"builders.test/helpers/registry"
	"builders.test/helpers/spec"
	"builders.test/helpers/subject"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
)

// questions are those that specs put to an engine or a registry; host is a
// registry.
var questions = map[string]func(t *spec.T, host string){
	"container":  func(t *spec.T, _ string) { engine.Container(t, "one") },
	"volume":     func(t *spec.T, _ string) { engine.Volume(t, "one") },
	"image":      func(t *spec.T, _ string) { image.Inspect(t, "one", "") },
	"removal":    func(t *spec.T, _ string) { engine.RemoveContainer(t, "one") },
	"platforms":  func(t *spec.T, host string) { registry.Platforms(t, host+"/one:1") },
	"describing": func(t *spec.T, host string) { registry.Describe(t, host+"/one:1") },
	"digest": func(t *spec.T, host string) {
		_, found := registry.Digest(t, host+"/one:1")
		require.True(t, found, "the registry has no such image")
	},
}

// answers maps each HTTP status to the verdict on a claim that gets it as an answer.
var answers = map[int]claim.Verdict{
	http.StatusNotFound:            claim.Broken,
	http.StatusInternalServerError: claim.Error,
	http.StatusTooManyRequests:     claim.Error,
	http.StatusUnauthorized:        claim.Error,
}

// The variables that make this program prove one claim and fail with it.
const questionVariable, hostVariable = "ANSWERS_QUESTION", "ANSWERS_HOST"

// TestOnlyNotFoundIsAnAnswer checks that "not there" is about BuildKit, and every
// other status about the engine or registry that sent it.
func TestOnlyNotFoundIsAnAnswer(t *testing.T) {
	if os.Getenv(questionVariable) != "" {
		t.Skip("this process proves a claim")
	}
	for question := range questions {
		for status, want := range answers {
			t.Run(fmt.Sprintf("%s %d", question, status), func(t *testing.T) {
				t.Parallel()
				verdict, said := ask(t, question, status)
				require.Equal(t, want.String(), verdict, said)
			})
		}
	}
}

var attribute = regexp.MustCompile(`(?m)^=== ATTR\s+\S+ verdict (\S+)$`)

// ask proves, in a separate process, a claim that asks the question.
func ask(t *testing.T, question string, status int) (verdict, said string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.Contains(r.URL.Path, "/containers/"), strings.Contains(r.URL.Path, "/images/"),
			strings.Contains(r.URL.Path, "/volumes/"), strings.HasPrefix(r.URL.Path, "/v2/one/"):
			w.WriteHeader(status)
			fmt.Fprint(w, `{"message":"that is my answer"}`)
		case strings.Contains(r.URL.Path, "/networks/"):
			fmt.Fprint(w, `{"Id":"the same"}`)
		}
	}))
	t.Cleanup(server.Close)
	command := exec.Command(os.Args[0], "-test.run=^TestProving$", "-test.v")
	command.Env = append(os.Environ(), questionVariable+"="+question, hostVariable+"="+strings.TrimPrefix(server.URL, "http://"))
	out, _ := command.CombinedOutput()
	found := attribute.FindStringSubmatch(string(out))
	require.NotNil(t, found, "no verdict: %s", out)
	return found[1], string(out)
}

// TestProving is the claim.
func TestProving(t *testing.T) {
	question, host := os.Getenv(questionVariable), os.Getenv(hostVariable)
	if question == "" {
		t.Skip("only for TestOnlyNotFoundIsAnAnswer")
	}
	asked, err := client.NewClientWithOpts(client.WithHost("tcp://"+host), client.WithVersion("1.48"))
	require.NoError(t, err)
	e := &env.Environment{
		Run: "0a1b2c3d", Dir: t.TempDir(), Out: t.TempDir(), Client: asked, Driver: subject.DriverContainer,
		Engine: env.Engine{Host: "tcp://" + host, Store: subject.StoreContainerd},
	}
	spec.Prove(t, e, claim.Claim{ID: "answers/one", Text: "The engine answers"}, func(t *spec.T) { questions[question](t, host) })
}
