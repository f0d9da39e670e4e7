package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/itchyny/gojq"
	"github.com/rogpeppe/go-internal/testscript"
)

// json QUERY: asks the JSON that the last command printed, in the language of jq. What it
// finds becomes standard output, strings without quotation marks, one per line. It fails
// if it finds nothing, or if the last thing is false or null.
func (r *runner) json(ts *testscript.TestScript, not negation, args []string) error {
	if len(args) != 1 {
		return mistake{errors.New("json needs one query in quotation marks, such as `json '.target.app.tags[0]'`")}
	}
	asked := ts.ReadFile("stdout")
	found, holds, err := query(asked, args[0])
	if err != nil {
		return err
	}
	output(ts, strings.Join(found, ""), "")
	switch {
	case holds && bool(not):
		return fmt.Errorf("the query %s finds %s", args[0], strings.TrimSpace(strings.Join(found, " ")))
	case !holds && !bool(not):
		return fmt.Errorf("the query %s finds %s%s", args[0], nothingOr(found), printed(asked))
	}
	return nil
}

func nothingOr(found []string) string {
	if len(found) == 0 {
		return "nothing"
	}
	return strings.TrimSpace(found[len(found)-1])
}

// query returns what a query finds in a text, a line each, and whether the last of it is
// neither false nor null.
func query(text, asked string) (found []string, holds bool, err error) {
	parsed, err := gojq.Parse(asked)
	if err != nil {
		return nil, false, mistake{fmt.Errorf("the query %s cannot be read: %w", asked, err)}
	}
	var input any
	if err := json.Unmarshal([]byte(text), &input); err != nil {
		return nil, false, fmt.Errorf("the last output is no JSON: %w%s", err, printed(text))
	}
	results := parsed.Run(input)
	for {
		one, more := results.Next()
		if !more {
			return found, holds, nil
		}
		if err, failed := one.(error); failed {
			return found, false, fmt.Errorf("the query %s: %w", asked, err)
		}
		line, err := written(one)
		if err != nil {
			return found, false, err
		}
		found, holds = append(found, line+"\n"), one != nil && one != false
	}
}

func written(value any) (string, error) {
	if text, ok := value.(string); ok {
		return text, nil
	}
	encoded, err := gojq.Marshal(value)
	return string(encoded), err
}
