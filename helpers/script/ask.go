package script

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"builders.test/helpers/cli"
	"github.com/rogpeppe/go-internal/testscript"
)

const (
	// askPatience is how long one request may take.
	askPatience = 10 * time.Second
	// largestAnswer is how much of an answer is read, in bytes.
	largestAnswer = 1 << 20
	// asker is the image of the second container; it has a shell and nc.
	asker = "busybox:latest"
)

// ask [-inside] [-status=N] URL: asks a service that `run -d=NAME` started. In URL, which
// is http://NAME:PORT/PATH or tcp://NAME:PORT, the port is that of the service. It is asked
// from this machine or, with -inside, from a second container on its network. It has a
// minute to answer. Standard output is the body, standard error the status; a status from 400
// on fails, unless -status says that it is expected.
func (r *runner) ask(ts *testscript.TestScript, not negation, args []string) error {
	q, err := r.parseQuestion(args)
	if err != nil {
		return err
	}
	var got answer
	last := errors.New("it was not asked")
	err = r.patiently(func() (bool, error) {
		if got, last = q.put(r); last == nil {
			return true, nil
		}
		if errors.As(last, new(mistake)) {
			return false, last
		}
		if !r.runs(q.of) {
			return false, r.gone(q.of)
		}
		// What must not answer has been asked.
		return bool(not), nil
	})
	if last != nil && (err == nil || r.t.Context().Err() == nil && errors.Is(err, context.DeadlineExceeded)) {
		err = fmt.Errorf("the service %s does not answer: %w", q.of.name, last)
	}
	if err != nil {
		return negated(not, err, "")
	}
	output(ts, got.body, got.status+"\n")
	return negated(not, q.judge(got), "the service "+q.of.name+" answered "+got.status)
}

// negated returns the failure, or, for what must fail, why it did not.
func negated(not negation, failure error, otherwise string) error {
	switch {
	case !bool(not), errors.As(failure, new(mistake)):
		return failure
	case failure != nil:
		return nil
	}
	return errors.New(otherwise)
}

// question is what a service is asked.
type question struct {
	of     *service
	at     *url.URL
	inside bool
	// status is what is expected; 0 means any below 400.
	status int
}

// answer is what came back. Over TCP alone it is empty.
type answer struct {
	status, body string
	code         int
}

func (r *runner) parseQuestion(args []string) (question, error) {
	var q question
	for len(args) > 1 {
		flag, value, _ := strings.Cut(args[0], "=")
		switch flag {
		case "-inside":
			q.inside = true
		case "-status":
			var err error
			if q.status, err = strconv.Atoi(value); err != nil {
				return q, mistake{fmt.Errorf("ask -status=%s: write a number such as 404", value)}
			}
		default:
			return q, mistake{fmt.Errorf("ask has no flag %s; it has -inside, -status=", flag)}
		}
		args = args[1:]
	}
	const form = "ask needs one URL, http://NAME:PORT/PATH or tcp://NAME:PORT, where `run -d=NAME` started the service"
	if len(args) == 0 {
		return q, mistake{errors.New(form)}
	}
	at, err := url.Parse(args[0])
	if err != nil || at.Port() == "" || at.Scheme != "http" && at.Scheme != "tcp" {
		return q, mistake{errors.New(form + ", not " + args[0])}
	}
	q.at = at
	q.of, err = r.find("ask", []string{at.Hostname()})
	return q, err
}

func (r *runner) runs(s *service) bool {
	about, err := r.t.Env.Client.ContainerInspect(r.t.Context(), s.container)
	return err == nil && about.State != nil && about.State.Running
}

func (q question) put(r *runner) (answer, error) {
	if q.inside {
		return q.fromInside(r)
	}
	if err := r.t.Env.Engine.Local(); err != nil {
		return answer{}, mistake{fmt.Errorf("the engine's ports cannot be reached from here (%w); write `ask -inside`, or `# needs: local-engine` in the head", err)}
	}
	address, err := r.address(q.of, q.at.Port())
	if err != nil {
		return answer{}, err
	}
	if q.at.Scheme == "tcp" {
		return answer{status: "connected"}, connects(address)
	}
	there := *q.at
	there.Host = address
	client := &http.Client{Timeout: askPatience}
	response, err := client.Get(there.String())
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer))
	return answer{response.Status, string(body), response.StatusCode}, err
}

// connects reports whether someone listens: the engine accepts every connection, and closes
// it if the container does not.
func connects(address string) error {
	connection, err := net.DialTimeout("tcp", address, askPatience)
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := connection.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	_, err = connection.Read(make([]byte, 1))
	var slow net.Error
	if err == nil || errors.As(err, &slow) && slow.Timeout() {
		return nil
	}
	return fmt.Errorf("the connection was closed: %w", err)
}

// fromInside asks from a second container in the service's network, with nc alone: the
// wget of a statically linked busybox may need what a container does not have.
func (q question) fromInside(r *runner) (answer, error) {
	r.t.Uses(asker)
	line := []string{"run", "--rm", "--network", "container:" + q.of.container, asker}
	if q.at.Scheme == "tcp" {
		result := r.config.Try(r.t, append(line, "sh", "-c", `nc -w 1 127.0.0.1 "$0" </dev/null`, q.at.Port())...)
		return answer{status: "connected"}, cli.Err(result)
	}
	request := fmt.Sprintf("GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n", q.at.RequestURI(), q.at.Host)
	result := r.config.Try(r.t, append(line, "sh", "-c", `printf %s "$0" | nc -w 10 127.0.0.1 "$1"`, request, q.at.Port())...)
	if err := cli.Err(result); err != nil {
		return answer{}, err
	}
	response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(result.Stdout())), nil)
	if err != nil {
		return answer{}, fmt.Errorf("it answered with something else than HTTP: %w%s", err, printed(result.Stdout()))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.Status, string(body), response.StatusCode}, err
}

func (q question) judge(got answer) error {
	switch {
	case q.at.Scheme == "tcp":
		return nil
	case q.status == 0 && got.code < http.StatusBadRequest, q.status == got.code:
		return nil
	}
	return fmt.Errorf("the service %s answered %s%s", q.of.name, got.status, printed(got.body))
}
